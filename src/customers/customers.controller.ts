import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { IfMatch, type Precondition, Versioned } from '../common/etag.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import type { Once } from '../platform/idempotency/idempotency.pipe.js';
import { Idempotent } from '../platform/idempotency/idempotent.decorator.js';
import {
  CreateCustomerRequest,
  CustomerList,
  CustomerResponse,
  ListCustomersQuery,
  UpdateCustomerRequest,
} from './customers.dto.js';
import { CustomerErrors } from './customers.errors.js';
import { CustomerPermissions } from './customers.permissions.js';
import { CustomersService } from './customers.service.js';

@ApiTags('Customers')
@Controller('crm/customers')
export class CustomersController {
  constructor(private readonly customers: CustomersService) {}

  /** List customers. */
  @Get()
  @RequirePermission(CustomerPermissions.view)
  @ApiOkResponse({ type: CustomerList })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ListCustomersQuery,
  ): Promise<ListResponse<CustomerResponse>> {
    return listResponse(await this.customers.list(principal, query), this.customers.presenter(principal));
  }

  /** Create a customer. */
  @Post()
  @Versioned()
  @RequirePermission(CustomerPermissions.create)
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateCustomerRequest,
    @Idempotent() once: Once,
  ): Promise<CustomerResponse> {
    return once(async () => this.customers.presenter(principal)(await this.customers.create(principal, body)));
  }

  /** Read one customer. */
  @Get(':customer_id')
  @RequirePermission(CustomerPermissions.view)
  @Versioned()
  @Refuses(404, CustomerErrors.notFound)
  async get(
    @CurrentPrincipal() principal: Principal,
    @Param('customer_id', IdPipe) customerId: number,
  ): Promise<CustomerResponse> {
    return this.customers.presenter(principal)(await this.customers.get(principal, customerId));
  }

  /** Edit a customer. Absent fields stay as they are; null clears one. */
  @Patch(':customer_id')
  @RequirePermission(CustomerPermissions.update)
  @ApiOkResponse({ type: CustomerResponse })
  @Versioned()
  @ApiNoContentResponse({ description: 'Changed, by somebody who may not see the row.' })
  @Refuses(403, CustomerErrors.fieldsForbidden)
  @Refuses(404, CustomerErrors.notFound)
  async update(
    @CurrentPrincipal() principal: Principal,
    @Param('customer_id', IdPipe) customerId: number,
    @Body() body: UpdateCustomerRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<CustomerResponse | undefined> {
    return CustomerResponse.orNothing(
      await this.customers.update(principal, customerId, body, ifMatch),
      this.customers.presenter(principal),
    );
  }

  /** Delete a customer. */
  @Delete(':customer_id')
  @HttpCode(204)
  @RequirePermission(CustomerPermissions.delete)
  @Refuses(404, CustomerErrors.notFound)
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param('customer_id', IdPipe) customerId: number,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.customers.remove(principal, customerId, ifMatch);
  }
}
