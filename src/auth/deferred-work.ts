import { AsyncResource } from 'node:async_hooks';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SECOND } from '../common/clock.js';

type Work = () => Promise<void>;

/** Long enough for the answer to have left. */
const DELAY_MS = SECOND / 10;
/** What waits here was asked for by strangers; it may not grow without end. */
const CAPACITY = 1_000;

/**
 * What is done after the answer, so that neither the answer nor its time tells anything about an account. One after the
 * other; at the end of the server what was answered is still done.
 */
@Injectable()
export class DeferredWork implements OnModuleDestroy {
  private readonly logger = new Logger(DeferredWork.name);
  private readonly waiting: Work[] = [];
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  push(work: Work): void {
    if (this.waiting.length >= CAPACITY) {
      this.logger.warn('more is asked for than can be done: a request was dropped');
      return;
    }
    // Records name the request that asked, whoever sets the work going.
    this.waiting.push(AsyncResource.bind(work));
    this.timer ??= setTimeout(() => void this.settled(), DELAY_MS).unref();
  }

  /** Resolves when everything that was pushed is done, or has failed. */
  async settled(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.waiting.length > 0 || this.running) {
      this.running ??= this.drain().finally(() => (this.running = null));
      await this.running;
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.settled();
  }

  private async drain(): Promise<void> {
    for (let work = this.waiting.shift(); work; work = this.waiting.shift()) {
      try {
        await work();
      } catch (error) {
        this.logger.error(error);
      }
    }
  }
}
