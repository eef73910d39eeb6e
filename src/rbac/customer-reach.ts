import { subject as asSubject } from '@casl/ability';
import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { AbilityService } from './ability.service.js';

/** Answers which of these customers exist; the customers feature registers it. */
export type CustomerSource = (customerIds: readonly number[]) => Promise<readonly number[]>;

/** Which customers a principal may tie a user or a key to: those that exist and that it may see itself. */
@Injectable()
export class CustomerReach {
  private source: CustomerSource = () => Promise.resolve([]);

  constructor(private readonly abilities: AbilityService) {}

  register(source: CustomerSource): void {
    this.source = source;
  }

  reaches(principal: Principal, customerId: number): boolean {
    return this.abilities.for(principal).can('view', asSubject('Customer', { customerId }));
  }

  /** 400 naming each id that is absent or foreign: the two are told apart for nobody. */
  async assertReaches(principal: Principal, customerIds: readonly number[]): Promise<void> {
    const there = new Set(customerIds.length > 0 ? await this.source(customerIds) : []);
    const problems = customerIds.flatMap((customerId, index) =>
      there.has(customerId) && this.reaches(principal, customerId)
        ? []
        : [{ pointer: `/customer_ids/${index}`, detail: `there is no customer ${customerId} that you may see` }],
    );
    if (problems.length > 0) throw InvalidInput.fields(problems);
  }
}
