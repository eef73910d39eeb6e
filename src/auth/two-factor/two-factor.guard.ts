import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Access, ACCESS } from '../../common/access.decorators.js';
import { Forbidden } from '../../common/errors.js';
import { requestOf } from '../../common/http-exchange.js';
import { metadataOf } from '../../common/handler-metadata.js';
import { contextOf } from '../../common/request-context.js';
import { OPEN_DURING_ENROLMENT, STEP_UP, StepUpErrors } from '../../common/step-up.decorator.js';
import { AuthErrors } from '../auth.errors.js';

/** Keeps whoever must enrol at that, and asks for a second factor where one is always due. The code itself is proved later. */
@Injectable()
export class TwoFactorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const about = contextOf(requestOf(context));
    const { principal } = about;
    // A public route has none: a credential that is sent there is ignored.
    const isPublic = metadataOf<Access>(handler, ACCESS)?.kind === 'public';
    if (isPublic || !principal) return isPublic;
    if (principal.twoFactor === 'demanded' && !metadataOf<boolean>(handler, OPEN_DURING_ENROLMENT)) {
      throw new Forbidden(AuthErrors.twoFactorEnrolmentRequired, { id: principal.id ?? 0 });
    }
    const isDue = principal.twoFactor === 'on' && metadataOf<boolean>(handler, STEP_UP);
    if (isDue && !about.twoFactorCode) throw new Forbidden(StepUpErrors.stepUpRequired);
    return true;
  }
}
