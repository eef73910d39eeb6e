import { Logger } from '@nestjs/common';
import { ConfigError } from './config-problem.js';
import { LiveConfig } from './live-config.js';

function source(text: string | null, environment: Record<string, string> = {}) {
  const state = { text, stamp: 'first', isBroken: false };
  const read = (): string | null => {
    if (state.isBroken) throw new Error('EIO');
    return state.text;
  };
  return { state, file: 'crm_config.yaml', environment, read, stamp: () => state.stamp };
}

const LIMIT = 'rate_limits: { api_key: 7 }\n';

describe('LiveConfig', () => {
  let warn: jest.SpyInstance;
  let error: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
  });
  afterEach(() => jest.restoreAllMocks());

  it('does not come into being from anything broken', () => {
    expect(() => LiveConfig.fromSource(source('htp: {}'))).toThrow(ConfigError);
    const broken = source(LIMIT, { CRM_PORT: 'x' });
    broken.state.isBroken = true;
    expect(() => LiveConfig.fromSource(broken)).toThrow(/CRM_PORT.*\ncrm_config.yaml: cannot be read$/);
  });

  it('swaps the whole object and tells the listeners in order', async () => {
    const from = source(LIMIT);
    const live = LiveConfig.fromSource(from);
    const before = live.current;
    const heard: string[] = [];
    live.onChange((config) => void heard.push(`one ${config.rateLimits.apiKey} ${config === live.current}`));
    live.onChange(async (config) => void heard.push(`two ${(await Promise.resolve(config)).rateLimits.apiKey}`));
    from.state.text = 'rate_limits: { api_key: 8 }\n';
    await live.reload();
    expect(heard).toEqual(['one 8 true', 'two 8']);
    expect([before.rateLimits.apiKey, live.current.rateLimits.apiKey]).toEqual([7, 8]);
    expect(live.current.environment).toBe(before.environment);
    expect(Object.isFrozen(live.current)).toBe(true);
  });

  it.each([
    ['broken', 'rate_limits: [\n', /crm_config\.yaml:2/],
    ['wrong in two places', 'htp: {}\nrate_limits: { user: -1 }\n', /:1 htp: .*\n.*:2 rate_limits\.user/],
    ['empty', '\n', /the file is empty/],
    ['gone', null, /there is no file/],
  ])('keeps the last good configuration when the file is %s, and says so once', async (_what, text, message) => {
    const from = source(LIMIT);
    const live = LiveConfig.fromSource(from);
    const before = live.current;
    const listener = jest.fn();
    live.onChange(listener);
    from.state.text = text;
    await live.reload();
    expect(live.current).toBe(before);
    expect(listener).not.toHaveBeenCalled();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message)]]);
  });

  it('keeps it when the file cannot be read', async () => {
    const from = source(LIMIT);
    const live = LiveConfig.fromSource(from);
    from.state.isBroken = true;
    await live.reload();
    expect(live.current.rateLimits.apiKey).toBe(7);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('crm_config.yaml: cannot be read'));
  });

  it('asks every check, and lists the problems of all', async () => {
    const live = LiveConfig.fromSource(source(LIMIT));
    await expect(live.verify()).resolves.toBeUndefined();
    live.registerCheck(() => [{ path: 'api_keys[0].roles', line: 3, message: 'names no role' }]);
    live.registerCheck(() => Promise.resolve([{ path: 'ip_whitelist[1]', line: 9, message: 'names no role' }]));
    await expect(live.verify()).rejects.toThrow(
      'crm_config.yaml:3 api_keys[0].roles: names no role\ncrm_config.yaml:9 ip_whitelist[1]: names no role',
    );
  });

  it('does not swap before the checks have passed', async () => {
    const from = source(LIMIT);
    const live = LiveConfig.fromSource(from);
    live.registerCheck((candidate) =>
      candidate.rateLimits.apiKey === 8 ? [{ path: '', line: null, message: 'no' }] : [],
    );
    from.state.text = 'rate_limits: { api_key: 8 }\n';
    await live.reload();
    expect(live.current.rateLimits.apiKey).toBe(7);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('keeps the last good one when a check itself fails, without its message', async () => {
    const live = LiveConfig.fromSource(source(LIMIT));
    live.registerCheck(() => Promise.reject(new TypeError('SECRET')));
    await live.reload();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('TypeError'));
    expect(warn).not.toHaveBeenCalledWith(expect.stringContaining('SECRET'));
  });

  it('tells the other listeners when one fails', async () => {
    const live = LiveConfig.fromSource(source(LIMIT));
    const listener = jest.fn();
    live.onChange(() => {
      throw new Error('out of order');
    });
    live.onChange(listener);
    await live.reload();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('reads again within a second of a change, once, until it is closed', async () => {
    jest.useFakeTimers();
    const from = source(LIMIT);
    const live = LiveConfig.fromSource(from);
    const listener = jest.fn();
    live.onChange(listener);
    live.watch();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(listener).not.toHaveBeenCalled();
    from.state.stamp = 'second';
    await jest.advanceTimersByTimeAsync(3_000);
    expect(listener).toHaveBeenCalledTimes(1);
    live.close();
    from.state.stamp = 'third';
    await jest.advanceTimersByTimeAsync(3_000);
    expect(listener).toHaveBeenCalledTimes(1);
    jest.useRealTimers();
  });
});
