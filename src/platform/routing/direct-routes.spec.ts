import { Readable } from 'node:stream';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  type PipeTransform,
  Post,
  Query,
  Redirect,
  Res,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import * as fc from 'fast-check';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { map, type Observable, of, throwError } from 'rxjs';
import { shortenPipeline } from './direct-routes.js';

/** How a guard or a pipe comes to its end, and whether well. */
const WAYS = ['at once', 'later', 'observed', 'thrown', 'rejected'] as const;
type Way = (typeof WAYS)[number];
const asked: Way[] = [];
const sends: string[] = [];
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function end<Value>(way: Way, value: Value): Value | Promise<Value> | Observable<Value> {
  asked.push(way);
  if (way === 'later') return new Promise((resolve) => setImmediate(() => resolve(value)));
  if (way === 'observed') return of(value);
  if (way === 'thrown') throw new Error(`thrown for ${String(value)}`);
  if (way === 'rejected') return Promise.reject(new Error(`rejected for ${String(value)}`));
  return value;
}

/** The guard or pipe of that number does what the request's header field asks of it. */
function wishOf(request: FastifyRequest, field: string, index: number): string {
  return String(request.headers[field] ?? '').split(',')[index] ?? '';
}

function guard(index: number): new () => CanActivate {
  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
      const [way, verdict] = wishOf(context.switchToHttp().getRequest(), 'guards', index).split(':');
      return way ? end(way as Way, verdict === 'yes') : true;
    }
  }
  return Guard;
}

/** What a pipe waits for is a promise; of observables it knows nothing. */
const stamp: PipeTransform<string> = {
  transform: (value) => {
    const [way = '', ...rest] = value.split('>');
    return WAYS.includes(way as Way) ? end(way as Way, rest.join('>')) : value;
  },
};

const Word = createParamDecorator((_: unknown, context: ExecutionContext) =>
  end((wishOf(context.switchToHttp().getRequest(), 'word', 0) || 'at once') as Way, 'word'),
);

@Injectable()
class Doubling implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<string>): Observable<string> {
    return next.handle().pipe(map((answer) => answer + answer));
  }
}

/** Answers in its own time, as one that asks a database would. */
@Catch()
class SlowFilter implements ExceptionFilter {
  async catch(error: Error, host: ArgumentsHost): Promise<void> {
    await soon();
    void host.switchToHttp().getResponse<FastifyReply>().code(409).send({ slowly: error.message });
  }
}

/** Keeps an answer for a while, and counts how often it is given one: a second would be an answer of nothing. */
async function slowSend(request: FastifyRequest, _: FastifyReply, payload: unknown): Promise<unknown> {
  if (!request.headers['slow-send']) return payload;
  sends.push(request.url);
  await soon();
  return payload;
}

@Controller()
class Routes {
  @Get('value')
  value(): object {
    return { kind: 'value' };
  }

  @Get('text')
  text(): string {
    return 'text';
  }

  @Get('nothing')
  nothing(): void {
    asked.push('at once');
  }

  @Get('promise')
  promise(): Promise<object> {
    return Promise.resolve({ kind: 'promise' });
  }

  @Get('observable')
  observable(): Observable<object> {
    return of({ kind: 'first' }, { kind: 'last' });
  }

  @Get('failing-observable')
  failingObservable(): Observable<object> {
    return throwError(() => new Error('observed'));
  }

  @Get('stream')
  stream(): Readable {
    return Readable.from(['piece ', 'by piece']);
  }

  @Get('file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from(['a ', 'file']), { type: 'text/plain' });
  }

  @Get('thrown')
  thrown(): never {
    throw new Error('thrown');
  }

  @Get('rejected')
  rejected(): Promise<never> {
    return Promise.reject(new Error('rejected'));
  }

  @Get('unserializable')
  unserializable(): object {
    return { big: 1n };
  }

  @Get('redirect')
  @Redirect('/value')
  redirect(): void {
    asked.push('at once');
  }

  @Get('header')
  @Header('x-known', 'yes')
  header(): string {
    return 'with a header';
  }

  @Get('by-hand')
  byHand(@Res() reply: FastifyReply): void {
    void reply.code(418).send({ kind: 'by hand' });
  }

  @Get('both-hands')
  bothHands(@Res({ passthrough: true }) reply: FastifyReply): object {
    void reply.header('x-hand', 'other');
    return { kind: 'both hands' };
  }

  @Get('intercepted')
  @UseInterceptors(Doubling)
  intercepted(): string {
    return 'twice';
  }

  @Post('created')
  created(): object {
    return { kind: 'created' };
  }

  @Post('accepted')
  @HttpCode(202)
  accepted(): object {
    return { kind: 'accepted' };
  }

  @Get('guarded')
  @UseGuards(guard(0), guard(1), guard(2))
  guarded(): object {
    return { kind: 'guarded' };
  }

  @Get('slowly-refused')
  @UseGuards(guard(0))
  @UseFilters(SlowFilter)
  slowlyRefused(): Promise<never> {
    return Promise.reject(new Error('too late'));
  }

  @Get('of-its-own')
  ofItsOwn(): object {
    const promised = Promise.resolve({ kind: 'of its own' });
    return { then: (done: (value: object) => void) => void promised.then(done) };
  }

  @Get('piped/:id')
  piped(@Param('id', stamp, stamp) id: string, @Query('q', stamp, stamp) q: string, @Word() word: unknown): object {
    return { id, q, word };
  }
}

const PATHS =
  'value text nothing promise observable failing-observable stream file thrown rejected unserializable ' +
  'redirect header by-hand both-hands intercepted guarded slowly-refused of-its-own nowhere';

@Module({ controllers: [Routes] })
class RoutesModule {}

type Asks = Exclude<Parameters<NestFastifyApplication['inject']>[0], string | undefined>;

interface Told {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly payload: string;
  /** What guards and pipes were asked for, in order. */
  readonly asked: readonly Way[];
}

describe('direct routes', () => {
  let own: NestFastifyApplication;
  let direct: NestFastifyApplication;
  const returned: unknown[] = [];

  beforeAll(async () => {
    own = await NestFactory.create<NestFastifyApplication>(RoutesModule, new FastifyAdapter(), { logger: false });
    direct = await NestFactory.create<NestFastifyApplication>(RoutesModule, new FastifyAdapter(), { logger: false });
    shortenPipeline(direct);
    for (const app of [own, direct]) app.getHttpAdapter().getInstance().addHook('onSend', slowSend);
    direct.getHttpAdapter().getInstance().addHook('onRoute', watchHandler);
    await Promise.all([own.init(), direct.init()]);
  });

  afterAll(() => Promise.all([own.close(), direct.close()]));

  function watchHandler(route: RouteOptions): void {
    const { handler } = route;
    route.handler = function watched(request, reply) {
      const result: unknown = handler.call(this, request, reply);
      returned.push(result);
      return result;
    };
  }

  it.each(PATHS.split(' '))('send the answer of /%s once where a hook keeps it for a while', async (path) => {
    const asks: Asks = { method: 'GET', url: `/${path}`, headers: { 'slow-send': 'yes' } };
    sends.length = 0;
    const ours = { ...(await told(direct, asks)), sends: sends.splice(0) };
    const theirs = { ...(await told(own, asks)), sends: sends.splice(0) };
    expect(ours).toEqual(theirs);
  });

  it.each(['at once', 'later', 'observed'])('leave a filter its time when a guard refuses %s', async (way) => {
    const asks: Asks = { method: 'GET', url: '/slowly-refused', headers: { guards: `${way}:no` } };
    const answer = await told(direct, asks);
    expect(answer).toEqual(await told(own, asks));
    expect(answer).toMatchObject({ status: 409, payload: '{"slowly":"Forbidden resource"}' });
  });

  async function told(app: NestFastifyApplication, asks: Asks): Promise<Told> {
    asked.length = 0;
    const { statusCode, headers, payload } = await app.inject(asks);
    const { date: _, ...fields } = headers;
    return { status: statusCode, headers: fields, payload, asked: [...asked] };
  }

  it.each(PATHS.split(' '))('answer /%s as Nest does', async (path) => {
    const asks: Asks = { method: 'GET', url: `/${path}` };
    expect(await told(direct, asks)).toEqual(await told(own, asks));
  });

  it.each(['created', 'accepted'])('answer a POST to /%s as Nest does', async (path) => {
    const asks: Asks = { method: 'POST', url: `/${path}` };
    expect(await told(direct, asks)).toEqual(await told(own, asks));
  });

  it('ask guards in the same order, as far as Nest would', async () => {
    const guards = fc.array(fc.tuple(fc.constantFrom(...WAYS), fc.constantFrom('yes', 'no')), { maxLength: 3 });
    const sameGuards = fc.asyncProperty(guards, async (wishes) => {
      const headers = { guards: wishes.map((wish) => wish.join(':')).join(',') };
      const asks: Asks = { method: 'GET', url: '/guarded', headers };
      expect(await told(direct, asks)).toEqual(await told(own, asks));
    });
    await fc.assert(sameGuards, { numRuns: 200 });
  });

  it('take values through the same pipes', async () => {
    const way = fc.constantFrom('at once', 'later', 'thrown', 'rejected');
    const value = fc.array(way, { maxLength: 2 }).map((ways) => [...ways, 'end'].join('>'));
    const samePipes = fc.asyncProperty(value, value, way, async (id, q, word) => {
      const asks: Asks = { method: 'GET', url: `/piped/${encodeURIComponent(id)}`, query: { q }, headers: { word } };
      const [ours, theirs] = [await told(direct, asks), await told(own, asks)];
      // What comes after a value that was refused is not looked at any more.
      expect({ ...ours, asked: [] }).toEqual({ ...theirs, asked: [] });
    });
    await fc.assert(samePipes, { numRuns: 300 });
  });

  it('have answered when their handler returns, where nothing had to be waited for', async () => {
    returned.length = 0;
    for (const url of ['/value', '/guarded', '/piped/1?q=2', '/thrown', '/promise'])
      await told(direct, { method: 'GET', url });
    expect(returned.map((result) => result instanceof Promise)).toEqual([false, false, false, false, true]);
  });
});
