const { writeSync } = require('node:fs');

/**
 * Ends the run with one plain line, `N passed, N failed`, and lets nothing pass that was not run: a suite that does not
 * load, a skipped test, a test to do and a run without any test count as failed.
 */
class SummaryReporter {
  constructor(globalConfig) {
    this.filtered = Boolean(globalConfig.testNamePattern);
    this.complaints = [];
    this.passed = 0;
    this.failed = 1; // until the run is complete: an interrupted one has not passed
    // Last of all: the tear-down of the projects, and Jest's own remarks, come after onRunComplete.
    process.once('exit', () => {
      process.exitCode ||= this.failed > 0 ? 1 : 0;
      writeSync(1, `${this.passed} passed, ${this.failed} failed\n`);
    });
  }

  onRunComplete(_contexts, results) {
    // With -t the tests of other names are "pending", and that is what was asked for.
    const skipped = this.filtered ? 0 : results.numPendingTests + results.numTodoTests;
    this.passed = results.numPassedTests;
    this.failed = results.numFailedTests + results.numRuntimeErrorTestSuites + skipped;
    if (skipped > 0) {
      this.complain(`${skipped} skipped: a test runs or it is removed.`);
    }
    if (results.runExecError || results.wasInterrupted) {
      this.complain('The run was not completed.');
    }
    if (this.passed + this.failed === 0) {
      this.complain('No test was executed.');
    }
  }

  complain(sentence) {
    this.complaints.push(sentence);
    this.failed = Math.max(this.failed, 1);
    process.stderr.write(`${sentence}\n`);
  }

  getLastError() {
    return this.complaints.length > 0 ? new Error(this.complaints.join(' ')) : undefined;
  }
}

module.exports = SummaryReporter;
