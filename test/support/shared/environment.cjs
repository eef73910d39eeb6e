const { TestEnvironment } = require('jest-environment-node');

/** Stays for the worker's next file of tests. */
class SharedEnvironment extends TestEnvironment {
  async teardown() {
    this.fakeTimersModern.useRealTimers();
  }
}

let shared = null;
let ownSymbols = [];
let givenGlobals = [];

/** The one of this worker: what its files share (see runtime.cjs) lives in one realm, and so they must. */
module.exports = function environmentOf(config, context) {
  if (shared) forgetLastFile(shared.global);
  else {
    shared = new SharedEnvironment(config, context);
    ownSymbols = Object.getOwnPropertySymbols(shared.global);
  }
  const { globals } = config.projectConfig;
  givenGlobals = Object.keys(globals);
  Object.assign(shared.global, globals);
  return shared;
};

/** Jest keeps its event handlers, matchers and states under symbols: those of a file that is over would be called again. */
function forgetLastFile(global) {
  const symbols = Object.getOwnPropertySymbols(global).filter((symbol) => !ownSymbols.includes(symbol));
  for (const key of [...symbols, ...givenGlobals]) delete global[key];
}
