import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { defineErrors } from './errors.js';

export const TWO_FACTOR_HEADER = 'x-two-factor-code';
export const STEP_UP = 'crm:step-up';
export const OPEN_DURING_ENROLMENT = 'crm:open-during-enrolment';

export const StepUpErrors = defineErrors('auth', {
  stepUpRequired: 'This needs a fresh second factor: send the code that your authenticator shows as X-Two-Factor-Code.',
});

/**
 * A user who has two-factor must send a fresh code along. A code that is missing is refused before the body is looked at; one
 * that is there is proved by the service, which asks `StepUp` in the transaction of the change.
 */
export function StepUp(): MethodDecorator {
  return applyDecorators(SetMetadata(STEP_UP, true), documented('of a user who has two-factor'));
}

/** The same where the body decides: only the service can say. */
export function MayStepUp(when: string): MethodDecorator {
  return documented(`of a user who has two-factor, when ${when}`);
}

/** One of the few routes for a user of whom two-factor is demanded and who has not set it up. */
export function OpenDuringEnrolment(): MethodDecorator {
  return SetMetadata(OPEN_DURING_ENROLMENT, true);
}

function documented(of: string): MethodDecorator {
  const description = `Demanded ${of}: a code that was not used yet, or a backup code.`;
  return ApiHeader({ name: 'X-Two-Factor-Code', required: false, description, schema: { type: 'string' } });
}
