import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Access, ACCESS } from '../common/access.decorators.js';
import { PermissionCatalogue } from './permission-catalogue.js';

export interface InspectedRoute {
  /** `CustomersController.list` */
  readonly handler: string;
  /** `GET` */
  readonly method: string;
  /** `/crm/customers/:customer_id` */
  readonly path: string;
  readonly access: Access | undefined;
}

/** Reads what every handler says about its callers. One that says nothing, or names an undeclared permission, stops the start. */
@Injectable()
export class RouteInspector implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly catalogue: PermissionCatalogue,
  ) {}

  onModuleInit(): void {
    const problems = this.routes().flatMap(({ handler, access }) => {
      if (!access) return [`${handler} says nothing about who may call it`];
      if (access.kind !== 'permission' || this.catalogue.has(access.permission.identifier)) return [];
      return [`${handler} demands ${access.permission.identifier}, which no feature declares`];
    });
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  routes(): InspectedRoute[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype, name }) => {
      if (!metatype || !instance) return [];
      const prototype = Object.getPrototypeOf(instance) as object;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((method) => ({ method, handler: (prototype as Record<string, unknown>)[method] as () => unknown }))
        .filter(({ handler }) => Reflect.hasMetadata(PATH_METADATA, handler))
        .map(({ method, handler }) => ({
          handler: `${String(name)}.${method}`,
          method: RequestMethod[this.reflector.get<RequestMethod>(METHOD_METADATA, handler)],
          path: pathOf(metatype, handler),
          access: this.reflector.get<Access | undefined>(ACCESS, handler),
        }));
    });
  }
}

function pathOf(...parts: object[]): string {
  const words = parts.flatMap((part) => String(Reflect.getMetadata(PATH_METADATA, part)).split('/'));
  return `/${words.filter((word) => word !== '').join('/')}`;
}
