import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';

/** Proves that the user sent a fresh second factor along, or throws. */
export type StepUpProof = (principal: Principal) => Promise<void>;

/**
 * Asks for a fresh second factor before rights change hands. This floor does not know codes: the one that does registers.
 * Called first in the transaction of the change, so that a change that is refused gives the code back.
 */
@Injectable()
export class StepUpGate {
  private proof: StepUpProof = () => Promise.reject(new Error('nobody has registered how a second factor is proved'));

  register(proof: StepUpProof): void {
    this.proof = proof;
  }

  /** Of users alone: keys, addresses and the command line have no second factor. */
  async demand(principal: Principal): Promise<void> {
    if (principal.kind === 'user') await this.proof(principal);
  }

  /** Only where `admin` is among what is handed out. */
  async demandForAdmin(principal: Principal, permissions: readonly string[]): Promise<void> {
    if (permissions.includes('admin')) await this.demand(principal);
  }
}
