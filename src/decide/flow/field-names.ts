/**
 * Words that names of fields are made of where tools take an object for a destination. spec/flow.md, FLW-5. Another name may
 * be data, `{"mallory": "editor"}`, unless the tool's label names it.
 * @module
 */

const WORDS: ReadonlySet<string> = new Set(
  (
    'access account accounts address addresses amount area attendee attendees bank bban bcc bic body branch bucket ' +
    'calendar category cc channel channels city code comment count contact contacts content country currency customer data database ' +
    'date default department description destination destinations dir directory display domain email emails end entry ' +
    'event field file filename files first folder folders format from full group groups guest guests handle headers host ' +
    'hostname iban id ids index invitee invitees is item items key kind label labels last level line link list location ' +
    'mail mails member members message method mobile mode name names new note notes number of office old optional options order org ' +
    'organization owner owners page params parent path permission permissions person phone place port postal primary ' +
    'project protocol query queue reason receiver receivers recipient recipients ref reference region repo repository required ' +
    'role roles room route routing row rows scheme scope secondary sender server share sort start state status street ' +
    'subject swift table tag tags target targets team teams text ticket time title to topic type update url urls uri uris ' +
    'user username users uuid value values version what when where who zip zone'
  ).split(' '),
)

/** By its words: `emailAddress`, `account_id`. */
export function isFieldName(name: string): boolean {
  const words = name.split(/[_$-]|(?<=[a-z0-9])(?=[A-Z])/).filter((word) => word !== '')
  return words.length > 0 && words.every((word) => WORDS.has(word.toLowerCase()))
}
