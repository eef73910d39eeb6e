import { type ArgumentMetadata, type CanActivate, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import { FORBIDDEN_MESSAGE } from '@nestjs/core/guards/constants.js';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import type { ParamProperties } from '@nestjs/core/router/router-execution-context.js';

/** What Nest gives each handler. */
export type Given = [request: unknown, response: unknown, next: () => void];

/** What is fixed about a handler's parameter: where it comes from, and what it runs through. */
export interface Piped extends Pick<ParamProperties, 'index' | 'extractValue' | 'pipes'> {
  readonly isPipeable: boolean;
  readonly metadata: ArgumentMetadata;
}

const verdicts = new GuardsConsumer();

/** All guards from that one on, in order; a promise from the first that has to be waited for. */
export function pass(
  guards: readonly CanActivate[],
  context: ExecutionContext,
  from: number,
): Promise<void> | undefined {
  for (let at = from; at < guards.length; at += 1) {
    const verdict = guards[at]?.canActivate(context);
    if (verdict === true) continue;
    if (typeof verdict === 'object') return passLater(verdict, guards, context, at + 1);
    throw new ForbiddenException(FORBIDDEN_MESSAGE);
  }
  return undefined;
}

async function passLater(
  verdict: Exclude<ReturnType<CanActivate['canActivate']>, boolean>,
  guards: readonly CanActivate[],
  context: ExecutionContext,
  next: number,
): Promise<void> {
  if (!(await verdicts.pickResult(verdict))) throw new ForbiddenException(FORBIDDEN_MESSAGE);
  await pass(guards, context, next);
}

export function fillAll(args: unknown[], parameters: readonly Piped[], given: Given): Promise<unknown> | undefined {
  const pending: Promise<unknown>[] = [];
  for (const parameter of parameters) {
    try {
      const later = fill(args, parameter, parameter.extractValue(...given));
      if (later) pending.push(later);
    } catch (error) {
      if (pending.length === 0) throw error;
      // What was begun is waited for: its own failure would be nobody's.
      return Promise.allSettled(pending).then(() => {
        throw error;
      });
    }
  }
  return pending.length === 0 ? undefined : Promise.all(pending);
}

/** Takes a value through its pipes into its place; a promise from the first step that has to be waited for. */
function fill(args: unknown[], parameter: Piped, value: unknown): Promise<void> | undefined {
  const { index, isPipeable, metadata, pipes } = parameter;
  let current = value;
  if (isPipeable) {
    let done = 0;
    for (const pipe of pipes) {
      if (isThenable(current)) break;
      current = pipe.transform(current, metadata);
      done += 1;
    }
    if (isThenable(current)) return fillLater(args, parameter, current, done);
  }
  args[index] = current;
  return undefined;
}

async function fillLater(
  args: unknown[],
  { index, metadata, pipes }: Piped,
  value: unknown,
  next: number,
): Promise<void> {
  let current = await value;
  for (const pipe of pipes.slice(next)) current = await pipe.transform(current, metadata);
  args[index] = current;
}

/** At once where the value is there already. */
export function after<Value, Result>(value: Value | PromiseLike<Value>, next: (value: Value) => Result): unknown {
  if (value instanceof Promise) return (value as Promise<Value>).then(next);
  // What merely has a `then` need not give back a promise of its own.
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayBe && 'then' in value && typeof value.then === 'function';
}
