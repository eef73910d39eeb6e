import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidInput } from './errors.js';

/** An id in a path: a positive whole number below 2^53, spelled plainly (`1e3`, `01` and `+1` are not ids). */
@Injectable()
export class IdPipe implements PipeTransform<string, number> {
  transform(value: string, { data }: ArgumentMetadata): number {
    const id = /^[1-9]\d{0,15}$/.test(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(id)) throw InvalidInput.field(`/${data ?? 'id'}`, 'must be a positive whole number');
    return id;
  }
}
