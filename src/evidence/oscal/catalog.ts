/** The controls as an OSCAL catalog, and the system as a component that helps with them. spec/report.md (RPT-7). @module */
import type { JsonObject } from '../../core/json.ts'
import { FREQUENCIES, type Control } from '../controls/schema.ts'
import type { ReportInput } from '../report/input.ts'
import { controlToken, prop, type OscalParts } from './parts.ts'

/** What both are made of: a pack, or a catalogue alone. */
type Source = Pick<ReportInput, 'catalogue' | 'generator'>

/** @param parts of the catalogue */
export function oscalCatalog(parts: OscalParts, { catalogue }: Source): JsonObject {
  const groups = Map.groupBy(catalogue.controls, ({ id }) => id.split('-').slice(0, -1).join('-'))
  return {
    catalog: {
      uuid: parts.uuid('catalog'),
      metadata: parts.metadata('Controls over AI agents'),
      groups: [...groups].map(([area, controls]) => ({
        id: controlToken(area),
        class: 'area',
        title: area,
        controls: controls.map((control) => catalogControl(control)),
      })),
      'back-matter': {
        resources: catalogue.frameworks.map(({ id, title, version, source }) => ({
          uuid: parts.uuid('framework', id),
          title: `${title}, ${version}`,
          rlinks: [{ href: source }],
        })),
      },
    },
  }
}

function catalogControl(control: Control): JsonObject {
  const id = controlToken(control.id)
  const clauses = Object.entries(control.clauses).flatMap(([framework, its]) =>
    its.map((clause) => prop('clause', `${framework} ${clause}`)),
  )
  return {
    id,
    class: 'control',
    title: control.title,
    props: [
      { name: 'label', value: control.id },
      ...control.criteria.map((criterion) => prop('criterion', criterion)),
      ...clauses,
      prop('frequency', FREQUENCIES[control.frequency]),
      prop('owner', control.owner),
      ...Object.entries(control.thresholds).map(([name, value]) =>
        prop(name.replaceAll('_', '-'), String(value)),
      ),
    ],
    parts: [
      { id: `${id}_smt`, name: 'statement', prose: control.statement },
      ...control.tests.map(({ number, procedure, attributes, population }) => ({
        id: `${id}_obj.${number}`,
        name: 'assessment-objective',
        props: [prop('test', String(number)), prop('population', population)],
        prose: `${procedure} Attributes: ${attributes.join('; ')}.`,
      })),
    ],
  }
}

/** @param parts of the catalogue */
export function oscalComponent(parts: OscalParts, { catalogue, generator }: Source): JsonObject {
  return {
    'component-definition': {
      uuid: parts.uuid('component-definition'),
      metadata: parts.metadata('Countersign as a component'),
      components: [
        {
          uuid: parts.uuid('component'),
          type: 'software',
          title: generator,
          description:
            'Puts AI agents under signed human authority, records what they do in a log that only appends, and makes evidence of it.',
          'control-implementations': [
            {
              uuid: parts.uuid('implementation'),
              source: `#${parts.uuid('resource', 'catalog')}`,
              description: 'What the system does for each control, and the tests by which that is looked at.',
              'implemented-requirements': catalogue.controls.map((control) => ({
                uuid: parts.uuid('requirement', control.id),
                'control-id': controlToken(control.id),
                description: control.statement,
                ...(control.tests.length === 0
                  ? {}
                  : { props: control.tests.map(({ number }) => prop('test', String(number))) }),
              })),
            },
          ],
        },
      ],
      'back-matter': { resources: [catalogResource(parts)] },
    },
  }
}

export function catalogResource(parts: OscalParts): JsonObject {
  return {
    uuid: parts.uuid('resource', 'catalog'),
    title: 'The catalog beside this file',
    rlinks: [{ href: 'catalog.json', 'media-type': 'application/oscal.catalog+json' }],
  }
}
