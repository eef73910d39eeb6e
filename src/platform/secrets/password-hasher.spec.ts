import { hash } from 'argon2';
import { PasswordHasher } from './password-hasher.js';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();

  it('uses argon2id with the parameters of OWASP and a salt of its own each time', async () => {
    const [first, second] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
    expect(first).not.toBe(second);
  });

  it('knows the right password and no other', async () => {
    const digest = await hasher.hash('correct horse');
    await expect(hasher.verify(digest, 'correct horse')).resolves.toBe(true);
    for (const wrong of ['', 'Correct horse', 'correct horse ', 'correct hors']) {
      await expect(hasher.verify(digest, wrong)).resolves.toBe(false);
    }
  });

  it('does not stop at 72 bytes', async () => {
    const head = 'x'.repeat(72);
    await expect(hasher.verify(await hasher.hash(`${head}one`), `${head}two`)).resolves.toBe(false);
  });

  it('lets nobody in where there is no digest, the dummy password included', async () => {
    await expect(hasher.verify(null, 'nobody has this password')).resolves.toBe(false);
  });

  it('costs a missing account a real hash', async () => {
    const digest = await hasher.hash('correct horse');
    await hasher.verify(null, 'warm up');
    const timeOf = async (wanted: string | null): Promise<number> => {
      const began = process.cpuUsage();
      for (let i = 0; i < 3; i += 1) await hasher.verify(wanted, 'wrong');
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    const [known, unknown] = [await timeOf(digest), await timeOf(null)];
    expect(unknown / known).toBeGreaterThan(0.4);
  });

  it('answers many at once, each its own', async () => {
    const passwords = Array.from({ length: 6 }, (_, index) => `password ${index}`);
    const digests = await Promise.all(passwords.map((password) => hasher.hash(password)));
    const checked = await Promise.all(digests.map((digest, index) => hasher.verify(digest, `password ${index}`)));
    expect(checked).toEqual(passwords.map(() => true));
  });

  it('goes on after one that failed', async () => {
    const broken = Array.from({ length: 4 }, () => hasher.verify('not a digest', 'x'));
    expect((await Promise.allSettled(broken)).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(hasher.verify(await hasher.hash('x'), 'x')).resolves.toBe(true);
  });

  it('tells a digest of weaker parameters from one of today', async () => {
    expect(hasher.isOutdated(await hasher.hash('x'))).toBe(false);
    expect(hasher.isOutdated(await hash('x', { memoryCost: 8_192, timeCost: 1 }))).toBe(true);
  });
});
