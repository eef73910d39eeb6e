import { systemPrincipal } from '../../../src/common/principal.js';
import { CreateUserRequest, UserResponse } from '../../../src/users/users.dto.js';
import { UsersService } from '../../../src/users/users.service.js';
import type { TestApp } from '../app.js';

let counter = 0;

/** A user as the API shows it, who has not logged in. */
export async function aUser(
  app: TestApp,
  more: Partial<CreateUserRequest> = {},
): Promise<UserResponse & { email: string }> {
  counter += 1;
  const request = {
    email: `someone${counter}@example.com`,
    name: `Someone ${counter}`,
    password: 'a password that nobody needs',
    ...more,
  };
  const view = await app.get(UsersService).create(systemPrincipal('factory'), request);
  return { ...structuredClone(UserResponse.from(view)), email: view.user.email };
}
