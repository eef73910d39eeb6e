import { oldestServers, serverVersion } from './server-version.js';

describe('serverVersion', () => {
  it.each([
    ['10.11.19-MariaDB-0+deb12u1', 'MariaDB', '10.11.19', false],
    ['10.6.0-MariaDB', 'MariaDB', '10.6.0', false],
    ['11.4.2-MariaDB', 'MariaDB', '11.4.2', false],
    ['5.5.5-10.5.29-MariaDB-log', 'MariaDB', '10.5.29', true],
    ['10.5.29-MariaDB', 'MariaDB', '10.5.29', true],
    ['8.0.36', 'MySQL', '8.0.36', false],
    ['8.4.2-commercial', 'MySQL', '8.4.2', false],
    ['5.7.44-log', 'MySQL', '5.7.44', true],
  ])('reads %s', (text, product, version, isTooOld) => {
    expect(serverVersion(text)).toEqual({ product, version, isTooOld });
  });

  it('says which it takes', () => {
    expect(oldestServers()).toBe('MariaDB 10.6 or MySQL 8.0');
  });
});
