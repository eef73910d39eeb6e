const { TestEnvironment } = require('jest-environment-node');

/** Stays for the worker's next file of tests. */
class SharedEnvironment extends TestEnvironment {
  async teardown() {
    this.fakeTimersModern.useRealTimers();
  }
}

let shared = null;

/** The one of this worker: what its files share (see runtime.cjs) lives in one realm, and so they must. */
module.exports = function environmentOf(config, context) {
  shared ??= new SharedEnvironment(config, context);
  Object.assign(shared.global, config.projectConfig.globals);
  return shared;
};
