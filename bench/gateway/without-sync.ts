/**
 * `node --import …/without-sync.ts`: `fdatasync` does nothing in that process. So the gateway that is measured as not
 * durable is the one that is measured as durable, but for the disk; and nothing outside of this folder can turn it off.
 * @module
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

fs.fdatasyncSync = () => undefined
syncBuiltinESMExports()
