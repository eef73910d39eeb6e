import { systemPrincipal } from '../../../src/common/principal.js';
import { CreateCustomerRequest, CustomerResponse } from '../../../src/customers/customers.dto.js';
import { CustomersService } from '../../../src/customers/customers.service.js';
import { Database } from '../../../src/platform/database/database.js';
import type { TestApp } from '../app.js';

let counter = 0;

/** A customer as the API shows it; what is not said gets a name of its own and the defaults. */
export async function aCustomer(app: TestApp, more: Partial<CreateCustomerRequest> = {}): Promise<CustomerResponse> {
  counter += 1;
  const request = { customer_name: `Customer ${counter}`, ...more };
  const row = await app.get(CustomersService).create(systemPrincipal('factory'), request);
  return structuredClone(CustomerResponse.from(row));
}

/** Many at once, in the order given, in one transaction. */
export function customers(
  app: TestApp,
  requests: readonly Partial<CreateCustomerRequest>[],
): Promise<CustomerResponse[]> {
  return app.get(Database).transaction(async () => {
    const made: CustomerResponse[] = [];
    for (const request of requests) made.push(await aCustomer(app, request));
    return made;
  });
}
