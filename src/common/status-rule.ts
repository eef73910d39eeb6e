import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

/** In which status a refusal of this status and code is told. */
export type StatusRule = (status: number, code: string) => number;

/** The mark by which the OpenAPI document leaves out all other answers. */
export const STATUSES = 'x-statuses';

/** For a route that is asked by somebody who understands few statuses: every refusal is told in one of them. */
export function AnswersOnly(statuses: readonly number[], statusOf: StatusRule): MethodDecorator {
  return applyDecorators(RouteConfig({ statusOf }), ApiExtension(STATUSES, statuses.map(String)));
}

export function statusRuleOf(request: FastifyRequest): StatusRule {
  const config = request.routeOptions?.config as { statusOf?: StatusRule } | undefined;
  return config?.statusOf ?? ((status) => status);
}
