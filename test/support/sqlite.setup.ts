// Jest loads this file and what it imports outside of its own module resolver: the names must be those of the files.
import { openRunFolder } from './keep.ts';

/** Before the first test that may write files. */
export default function setUp(): void {
  openRunFolder();
}
