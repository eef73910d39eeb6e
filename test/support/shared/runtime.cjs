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
  }

  requireModuleOrMock(from, name) {
    return this.isShared(from, name) ? shared.requireModule(from, name) : super.requireModuleOrMock(from, name);
  }

  isShared(from, name) {
    if (name === '@jest/globals' || this._resolution.isCoreModule(name)) return false;
    const path = this._resolution.resolveCjs(from, name);
    return !path.startsWith(TESTS) && !SPEC.test(path);
  }

  /** Or stack traces would name lines of what was compiled. */
  getSourceMaps() {
    return new Map([...shared.getSourceMaps(), ...super.getSourceMaps()]);
  }
};
