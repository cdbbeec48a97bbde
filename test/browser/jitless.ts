/** Before any schema is made: zod must not try `eval`, which a strict page forbids and reports. @module */
import { config } from 'zod'

config({ jitless: true })
