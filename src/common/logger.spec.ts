import { Writable } from 'node:stream';
import { JsonLogger } from './logger.js';

type Line = Record<string, unknown>;

describe('JsonLogger', () => {
  let text: string;
  let logger: JsonLogger;

  beforeEach(() => {
    text = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    logger = new JsonLogger('debug', stream as never);
  });

  const line = (): Line => JSON.parse(text) as Line;

  it('writes one line of JSON with level, time and context', () => {
    logger.warn('two\nlines', 'Context');
    expect(text.split('\n')).toHaveLength(2);
    expect(line()).toMatchObject({ level: 'warn', msg: 'two\nlines', context: 'Context' });
    expect(new Date(line().time as string).toISOString()).toBe(line().time);
  });

  it.each(['sk_live_', 'crm_'])('takes a key out of what it is told, wherever it stands (%s)', (prefix) => {
    const key = prefix + 'Ab3dEf7'.repeat(7);
    const cause = new Error(`and again ${key}`);
    logger.log(`somebody sent ${key} in a path`);
    logger.error(new Error(`cannot read ${key}`, { cause }));
    logger.error('a sentence beside', new Error(key), 'Context');
    expect(text).not.toContain(key.slice(-30));
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('takes tokens out, too', () => {
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${'eyJzdWIiOiIxIn0'.repeat(3)}.${'c2ln'.repeat(20)}`;
    const refresh = `rt1.12.3.${'Ab-_'.repeat(11).slice(0, 43)}`;
    logger.log(`tokens ${jwt} and ${refresh}`);
    expect(line().msg).toBe('tokens [redacted] and [redacted]');
  });

  it('tells an error with its place and its cause', () => {
    logger.error(new TypeError('outside', { cause: new RangeError('inside') }));
    expect(line()).toMatchObject({
      level: 'error',
      msg: 'outside',
      error: 'TypeError',
      cause: { error: 'RangeError' },
    });
  });

  it('tells an error that stands beside its sentence', () => {
    logger.error('the sentence', new TypeError('the reason'), 'Context');
    expect(line()).toMatchObject({ msg: 'the sentence', error: 'TypeError', context: 'Context' });
    expect(line().stack).toContain('the reason');
  });

  it('keeps quiet about what Nest tells at the start', () => {
    new JsonLogger('info', { write: (chunk: string) => (text += chunk) } as never).log('mapped', 'RouterExplorer');
    expect(text).toBe('');
  });
});
