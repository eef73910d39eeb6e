import { Injectable } from '@nestjs/common';
import { Forbidden } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { currentContext } from '../../common/request-context.js';
import { StepUpErrors } from '../../common/step-up.decorator.js';
import { UsersService } from '../../users/users.service.js';
import { CodesService } from './codes.service.js';
import { Tries } from './tries.service.js';

/** Proves that whoever hands out rights is still the one who signed in: by a code that comes with the very request. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly tries: Tries,
  ) {}

  /** In the transaction of the change. Of a user without two-factor nothing is asked. */
  async prove(principal: Principal): Promise<void> {
    const view = await this.users.get(principal.id ?? 0);
    if (view.user.twoFactorSince === null) return;
    const code = currentContext()?.twoFactorCode ?? '';
    if (code === '') throw new Forbidden(StepUpErrors.stepUpRequired);
    await this.tries.prove({
      view,
      event: 'authn_2fa_fail',
      purpose: 'step_up',
      work: () => this.codes.accept(view.user.userId, code),
      refusal: (extras) => new Forbidden(StepUpErrors.stepUpRequired, {}, extras),
    });
  }
}
