import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { InvalidInput, Unauthenticated } from '../common/errors.js';
import { readCredential } from './credential.js';

/** A request with these header lines, as Node hands it on: the first of two wins in `headers`. */
function request(...lines: [string, string][]): FastifyRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) headers[name.toLowerCase()] ??= value;
  return { headers, raw: { rawHeaders: lines.flat() } } as unknown as FastifyRequest;
}

const read = (...lines: [string, string][]) => readCredential(request(...lines));

describe('readCredential', () => {
  it('finds none where none is', () => {
    expect(read()).toEqual({ kind: 'address' });
    expect(read(['Host', 'x'], ['Cookie', 'authorization=x'], ['X-Api-Keys', 'x'])).toEqual({ kind: 'address' });
  });

  it.each<[[string, string], object]>([
    [['X-API-KEY', 'some key'], { kind: 'api-key', value: 'some key' }],
    [['Authorization', 'Bearer abc'], { kind: 'api-key-bearer', value: 'abc' }],
    [['authorization', 'bEARER abc'], { kind: 'api-key-bearer', value: 'abc' }],
    [['Authorization', 'Bearer eyJh.eyJz.c2ln'], { kind: 'jwt', value: 'eyJh.eyJz.c2ln' }],
    [['Authorization', 'Bearer eyJh.eyJz.'], { kind: 'jwt', value: 'eyJh.eyJz.' }],
    [['Authorization', 'Bearer eyJh.eyJz'], { kind: 'api-key-bearer', value: 'eyJh.eyJz' }],
    [['Authorization', 'Bearer eyJh.a.b.c.d'], { kind: 'api-key-bearer', value: 'eyJh.a.b.c.d' }],
  ])('reads %j', (line, credential) => expect(read(line)).toEqual(credential));

  it('refuses two of them, whatever they are and however they are spelled', () => {
    const name = fc.constantFrom(
      'Authorization',
      'authorization',
      'AUTHORIZATION',
      'X-API-KEY',
      'x-api-key',
      'X-Api-Key',
    );
    const line = fc.tuple(name, fc.string());
    fc.assert(
      fc.property(fc.array(line, { minLength: 2 }), (lines) => {
        expect(() => read(...lines)).toThrow(InvalidInput);
      }),
    );
  });

  it('never takes one that was presented for none', () => {
    fc.assert(
      fc.property(fc.constantFrom('Authorization', 'X-API-KEY'), fc.string(), (name, value) => {
        try {
          expect(read([name, value]).kind).not.toBe('address');
        } catch (error) {
          expect(error).toBeInstanceOf(Unauthenticated);
        }
      }),
    );
  });

  it.each(['', 'Bearer', 'Bearer ', 'Bearer  x', 'Bearer x y', 'Bearer\tx', 'Basic x', 'x', 'Bearerx'])(
    'refuses an Authorization of %j',
    (value) => expect(() => read(['Authorization', value])).toThrow(Unauthenticated),
  );
});
