import type { HealthTexts } from './texts-en.ts'

export const hindi: HealthTexts = {
  health: 'सेवा की स्थिति',
  instances: 'इंस्टेंस',
  instance: 'इंस्टेंस',
  answering: (host) => `${host} (आपको जवाब देने वाला)`,
  state: 'स्थिति',
  states: { ok: 'ठीक', degraded: 'धीमा', failing: 'विफल', draining: 'बंद हो रहा है', silent: 'कोई संपर्क नहीं' },
  version: 'संस्करण',
  since: 'शुरू हुआ',
  feedAge: 'अधिकार फ़ीड की आयु',
  memory: 'मेमोरी',
  megabytes: (count) => `${count} MB`,
  mail: 'ईमेल',
  mailOff: 'बंद',
  inbox: 'बिलिंग घटनाएँ',
  webhooks: 'वेबहुक',
  waits: (count) => `${count} प्रतीक्षा में`,
  oldest: (time) => `सबसे पुराना ${time} से`,
  noneWaits: 'कुछ भी देर से नहीं',
  failed: (count) => `${count} विफल`,
  endpoints: (failing, disabled) => `एंडपॉइंट: ${failing} विफल, ${disabled} बंद`,
}
