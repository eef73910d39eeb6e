import { hash, type KeyObject } from 'node:crypto';

const BLOCK = 64;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, as two hashes of one call each. Every page and every refused key asks for a tag,
 * and the native object behind each `createHmac` is more work for the garbage collector than its hash is for anybody.
 */
export class MacKey {
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  /** A key of at most 64 bytes, as all of ours are. */
  constructor(key: KeyObject) {
    const bytes = key.export();
    if (bytes.length > BLOCK) throw new Error(`a key of ${bytes.length} bytes would have to be hashed first`);
    this.inner = padded(bytes, INNER);
    this.outer = padded(bytes, OUTER);
  }

  tag(data: string, encoding: 'hex' | 'base64url'): string {
    const first = hash('sha256', Buffer.concat([this.inner, Buffer.from(data)]), 'buffer');
    return hash('sha256', Buffer.concat([this.outer, first]), encoding);
  }
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(BLOCK, pad);
  key.forEach((byte, index) => (block[index] = byte ^ pad));
  return block;
}
