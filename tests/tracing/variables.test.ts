import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/room-config.ts'
import { testSecrets } from '../support/app.ts'

const tracingOf = (environment: Record<string, string>) =>
  loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/m', ...environment }).tracing
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

test('nothing is traced unless a collector is named, or where the SDK is disabled', () => {
  expect(tracingOf({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull()
  expect(tracingOf({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeNull()
  expect(tracingOf(endpoint)).toMatchObject({ sampler: 'parentbased_always_on', protocol: 'http/protobuf' })
})

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example/otlp/' }, 'https://c.example/otlp/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example/otlp' }, 'https://c.example/otlp/v1/traces'],
  [{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.example/here' }, 'https://c.example/here'],
])('%j sends to %s', (environment, url) => {
  expect(tracingOf(environment as Record<string, string>)?.endpoint).toBe(url)
})

test('the name of the service comes from its variable, else from the attributes, else it is manas360', () => {
  const nameOf = (environment: Record<string, string>) =>
    tracingOf({ ...endpoint, ...environment })?.resource['service.name']
  expect(nameOf({})).toBe('manas360')
  expect(nameOf({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a' })).toBe('a')
  expect(nameOf({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a', OTEL_SERVICE_NAME: 'b' })).toBe('b')
})

test('headers and attributes are lists of pairs, with percent-encoded values', () => {
  expect(tracingOf({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, x-key = 1=2 ,' })?.headers).toEqual({
    a: 'b c',
    'x-key': '1=2',
  })
})
