/** Before any schema is made: zod must not try `eval`, which the page's policy forbids and reports. @module */
import { config } from 'zod'

config({ jitless: true })
