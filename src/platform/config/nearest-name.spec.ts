import { proposal } from './nearest-name.js';

const KNOWN = ['api_keys', 'ip_whitelist', 'http'];

describe('proposal', () => {
  it.each([
    ['htp', 'did you mean http?'],
    ['HTTP', 'did you mean http?'],
    ['ip_whitelst', 'did you mean ip_whitelist?'],
    ['ip_white_lists', 'did you mean ip_whitelist?'],
    ['webhooks', 'known here: api_keys, ip_whitelist, http'],
    ['x'.repeat(100_000), 'known here: api_keys, ip_whitelist, http'],
  ])('%.20s: %s', (name, sentence) => expect(proposal(name, KNOWN)).toBe(sentence));
});
