const { join, sep } = require('node:path');
const { default: Runtime } = require('jest-runtime');

const TESTS = join(__dirname, '../..') + sep;
const SPEC = /\.spec\.\w+$/;

/** Loads what this worker's files of tests share. */
let shared = null;

/**
 * Loads the program and its packages once for all files of tests that a worker runs (docs/adr/0021). What lies in test/, and
 * each spec, is loaded for its own file as ever.
 */
module.exports = class SharedRuntime extends Runtime {
  constructor(...parts) {
    super(...parts);
    shared ??= new Runtime(...parts);
    // Filled while modules are loaded, and read when a stack trace is written.
    this.transformCache.sourceMaps = shared.transformCache.sourceMaps;
  }

  requireModuleOrMock(from, name) {
    return this.isShared(from, name) ? shared.requireModule(from, name) : super.requireModuleOrMock(from, name);
  }

  setMock(from, name, ...mock) {
    if (this.isShared(from, name)) throw new Error(`${name} is shared and cannot be mocked: docs/adr/0021`);
    super.setMock(from, name, ...mock);
  }

  /** Whoever isolates modules wants them for itself. */
  isShared(from, name) {
    if (this.registries.isIsolated() || name === '@jest/globals' || this._resolution.isCoreModule(name)) return false;
    const path = this._resolution.resolveCjs(from, name);
    return !path.startsWith(TESTS) && !SPEC.test(path);
  }
};
