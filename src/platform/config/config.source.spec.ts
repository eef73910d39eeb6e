import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSource } from './config.source.js';

describe('fileSource', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crm-config-'));
  const file = join(folder, 'crm.yaml');
  const source = fileSource({ CRM_CONFIG_FILE: file });
  beforeEach(() => rmSync(file, { force: true, recursive: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has no text and no stamp while there is no file', () => {
    expect(source.file).toBe(file);
    expect([source.read(), source.stamp?.()]).toEqual([null, null]);
  });

  it('reads the file and sees that it changes', () => {
    writeFileSync(file, 'http: {}\n');
    const before = source.stamp?.();
    expect(source.read()).toBe('http: {}\n');
    expect(source.stamp?.()).toBe(before);
    writeFileSync(file, 'http: {} # changed\n');
    expect(source.stamp?.()).not.toBe(before);
  });

  it.each([
    ['is not a file', () => mkdirSync(file)],
    ['is larger than 1 MiB', () => writeFileSync(file, '#'.repeat(1024 * 1024 + 1))],
    ['is not UTF-8 text', () => writeFileSync(file, Buffer.from([0xff, 0xfe, 0x61]))],
  ])('says when it %s', (message, write) => {
    write();
    expect(() => source.read()).toThrow(message);
  });

  it('asks for ./crm_config.yaml when nothing else is named', () => {
    expect(fileSource({}).file).toBe(join(process.cwd(), 'crm_config.yaml'));
    expect(fileSource({ CRM_CONFIG_FILE: '' }).file).toBe(join(process.cwd(), 'crm_config.yaml'));
  });
});
