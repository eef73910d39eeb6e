import { Global, Module } from '@nestjs/common';
import { Cursors } from './cursors.js';
import { Pager } from './pager.js';

@Global()
@Module({ providers: [Pager, Cursors], exports: [Pager, Cursors] })
export class PagingModule {}
