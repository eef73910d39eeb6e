import {
  type ArgumentMetadata,
  type CanActivate,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { RouteParamtypes } from '@nestjs/common/internal';
import type { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import type { GuardsContextCreator } from '@nestjs/core/guards/guards-context-creator.js';
import type { ContextUtils } from '@nestjs/core/helpers/context-utils.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { HandlerMetadata, HandlerResponseBasicFn } from '@nestjs/core/helpers/handler-metadata-storage.js';
import type { InterceptorsContextCreator } from '@nestjs/core/interceptors/interceptors-context-creator.js';
import { ParamsTokenFactory } from '@nestjs/core/pipes/params-token-factory.js';
import type { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { type ParamProperties, RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { RouterProxy } from '@nestjs/core/router/router-proxy.js';
import { isStreamingBody } from '@nestjs/core/router/streaming-body.js';
import { isObservable } from 'rxjs';
import { after, fillAll, type Given, pass, type Piped } from './direct-steps.js';

type Route = Parameters<RouterExecutionContext['create']>;
type Handler = ReturnType<RouterExecutionContext['create']>;
type ProxiedHandler = Parameters<RouterProxy['createProxy']>[0];
type Proxied = ReturnType<RouterProxy['createProxy']>;
type Callback = Route[1];
type Parameter = ParamProperties & { metatype?: ArgumentMetadata['metatype'] };

interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly pipes: readonly PipeTransform[];
  readonly interceptors: readonly NestInterceptor[];
}

interface Stations {
  readonly guards: readonly CanActivate[];
  readonly parameters: readonly Piped[];
}

/** Where an application of Nest keeps what makes its handlers. */
interface Innards {
  readonly routesResolver: {
    readonly routerExplorer: { executionContextCreator: RouterExecutionContext; routerProxy: RouterProxy };
  };
}

/** What of the base class is private in its types alone. */
interface Parts {
  readonly guardsContextCreator: GuardsContextCreator;
  readonly pipesContextCreator: PipesContextCreator;
  readonly interceptorsContextCreator: InterceptorsContextCreator;
  readonly contextUtils: ContextUtils;
}

/**
 * Lets guards, pipes, handler and answer follow each other without a promise where nothing has to be waited for. Nest makes
 * some twenty for each request: about a twentieth of what a list costs (docs/adr/0020). To be called before routes are made.
 */
export function shortenPipeline(app: INestApplication): void {
  const { routerExplorer } = (app as unknown as Innards).routesResolver;
  const pipeline = Object.create(DirectPipeline.prototype) as RouterExecutionContext;
  routerExplorer.executionContextCreator = Object.assign(pipeline, routerExplorer.executionContextCreator);
  routerExplorer.routerProxy = new DirectProxy();
}

/** Who takes the response itself, or the next handler, may answer alone. */
const BY_HAND: readonly unknown[] = [RouteParamtypes.RESPONSE, RouteParamtypes.NEXT];
const tokens = new ParamsTokenFactory();

/** Makes the handlers of plain routes. What is rarer than a guard, a pipe and a value to be sent is left to Nest. */
class DirectPipeline extends RouterExecutionContext {
  override create(...route: Route): Handler {
    const [instance, callback, name, module, requestMethod, contextId, inquirerId] = route;
    const { interceptors, guards, pipes } = this.enhancersOf(route);
    const about = this.getMetadata(instance, callback, name, module, requestMethod, 'http');
    const { contextUtils } = this as unknown as Parts;
    const given = about.getParamsMetadata(module, contextId, inquirerId);
    const parameters: Parameter[] = contextUtils.mergeParamsMetatypes(given, about.paramtypes);
    const isPlain = !about.isSseHandler && !about.hasCustomHeaders && this.answersPlainly(callback, parameters);
    if (!isPlain || interceptors.length > 0) return super.create(...route);
    const pipeable = parameters.filter(({ type }) => this.isPipeable(type));
    contextUtils.warnOnMissingParamtypes(instance, name, about.paramtypes, [...pipes], pipeable);
    const piped = parameters.map((parameter) => this.piped(pipes, parameter));
    return this.handlerOf(route, about, { guards, parameters: piped });
  }

  private enhancersOf([instance, callback, , module, , contextId, inquirerId]: Route): Enhancers {
    const parts = this as unknown as Parts;
    return {
      guards: parts.guardsContextCreator.create(instance, callback, module, contextId, inquirerId),
      pipes: parts.pipesContextCreator.create(instance, callback, module, contextId, inquirerId),
      interceptors: parts.interceptorsContextCreator.create(instance, callback, module, contextId, inquirerId),
    };
  }

  private answersPlainly(callback: Callback, parameters: readonly Parameter[]): boolean {
    const isAnsweredByHand = parameters.some(({ type }) => BY_HAND.includes(type));
    return !isAnsweredByHand && !this.reflectRedirect(callback) && !this.reflectRenderTemplate(callback);
  }

  private piped(pipes: readonly PipeTransform[], parameter: Parameter): Piped {
    const { index, extractValue, type, data, metatype, schema, pipes: own } = parameter;
    const metadata = { metatype, type: tokens.exchangeEnumForString(type as never), data, schema } as ArgumentMetadata;
    return { index, extractValue, metadata, isPipeable: this.isPipeable(type), pipes: [...pipes, ...own] };
  }

  private handlerOf([instance, callback]: Route, about: HandlerMetadata, { guards, parameters }: Stations): Handler {
    const { argsLength, httpStatusCode } = about;
    const whole = about.fnHandleResponse as HandlerResponseBasicFn;
    const send = (result: unknown, [request, response]: Given): unknown => {
      if (isStreamed(result)) return whole(result, response, request) as unknown;
      this.applicationRef.reply(response, result);
      return unlessSent(response);
    };
    const handler = (...given: Given): unknown => {
      const context = new ExecutionContextHost(given, instance.constructor as Type, callback);
      return after(pass(guards, context, 0), () => {
        this.applicationRef.status(given[1], httpStatusCode);
        const args = new Array<unknown>(argsLength);
        return after(fillAll(args, parameters, given), () =>
          after(callback.apply(instance, args), (result) => send(result, given)),
        );
      });
    };
    return handler as Handler;
  }
}

/** Hands what a handler throws, at once or later, to the filters. */
class DirectProxy extends RouterProxy {
  override createProxy(handler: ProxiedHandler, filters: ExceptionsHandler): Proxied {
    const proxied = (...given: Given): unknown => {
      const fail = (error: unknown): unknown => {
        filters.next(error as Error, new ExecutionContextHost(given));
        return unlessSent(given[1]);
      };
      try {
        const pending = handler(...given) as unknown;
        // Fastify waits for an answer by itself, until a promise says that the handler is done.
        return pending instanceof Promise ? pending.then(undefined, fail) : undefined;
      } catch (error) {
        fail(error);
        return undefined;
      }
    };
    return proxied as Proxied;
  }
}

/**
 * The answer, where a hook or a filter still keeps it: a promise that is given it waits until it was sent, and Fastify, which
 * takes a handler that is done without an answer for one that has nothing to say, does not answer by itself.
 */
function unlessSent(response: unknown): unknown {
  return (response as { sent: boolean }).sent ? undefined : response;
}

function isStreamed(result: unknown): boolean {
  return isObservable(result) || isStreamingBody(result) || result instanceof StreamableFile;
}
