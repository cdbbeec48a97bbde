/**
 * Alerts as syslog: RFC 5424 messages, framed by octet counts over TCP and TLS (RFC 6587, RFC 5425), one a datagram over
 * UDP (RFC 5426). spec/alerts.md (ALR-14). Pure.
 * @module
 */
import type { Severity } from '../../core/alert.ts'
import type { SyslogFormat } from '../../core/channel.ts'
import { utf8 } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Notice } from '../../ports/notifier.ts'
import { cefOf } from '../export/cef.ts'
import { detectionFinding } from '../export/ocsf.ts'
import { linesOf, titleOf } from './words.ts'

/** Log audit. */
const FACILITY = 13
const LEVEL: Readonly<Record<Severity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 }
const HOST_CHARS_MAX = 255
/** What a datagram can carry. */
const DATAGRAM_BYTES_MAX = 65_000

export function syslogMessage(format: SyslogFormat, notice: Notice): Uint8Array {
  const { alert, iss, time_ms } = notice
  const host = iss.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, HOST_CHARS_MAX)
  const header = `<${FACILITY * 8 + LEVEL[alert.severity]}>1 ${rfc3339(time_ms)} ${host} countersign - ${alert.rule} -`
  // The byte order mark says that the text is UTF-8 (RFC 5424, 6.4).
  return utf8(`${header} \uFEFF${messageOf(format, notice)}`).slice(0, DATAGRAM_BYTES_MAX)
}

function messageOf(format: SyslogFormat, notice: Notice): string {
  if (format === 'cef') return cefOf(notice)
  if (format === 'ocsf') return JSON.stringify(detectionFinding(notice))
  return [titleOf(notice), ...linesOf(notice)].join('; ').replaceAll(/[\r\n]/g, ' ')
}

/** RFC 6587, 3.4.1. */
export function framed(message: Uint8Array): Uint8Array {
  const length = utf8(`${message.length} `)
  const frame = new Uint8Array(length.length + message.length)
  frame.set(length)
  frame.set(message, length.length)
  return frame
}
