import { jobTexts } from './job-texts-hi.ts'
import type { OperationsTexts } from './texts-en.ts'

export const hindi: OperationsTexts = {
  title: 'संचालन',
  parts: 'पेज के भाग',
  tabs: { jobs: 'कार्य' },
  jobTexts,
  unknownJob: 'सेवा का एक कार्य।',
  job: 'कार्य',
  result: 'पिछला परिणाम',
  ended: 'पिछली बार चला',
  took: 'लगा समय',
  interval: 'अंतराल',
  next: 'अगली बार',
  due: 'समय हो गया है',
  action: 'कार्रवाई',
  outcomes: { succeeded: 'सफल', failed: 'विफल' },
  running: 'अभी चल रहा है',
  neverRan: 'कभी नहीं चला',
  succeededLast: (ago) => `पिछली बार सफल: ${ago}`,
  run: 'अभी चलाएँ',
  runText: [
    'यह एक बार, तुरंत, उसी इंस्टेंस पर चलेगा जो आपको जवाब दे रहा है; इसका नियत समय वही रहेगा।',
    'इसे यहाँ से रोका नहीं जा सकता। आपका अनुरोध ऑडिट रिकॉर्ड में दर्ज होगा।',
  ],
  slow: 'काम ज़्यादा हो तो इसमें कई मिनट लग सकते हैं। इसके लिए कुछ और नहीं रुकता।',
  begun: (name) => `${name} शुरू हो गया है। इसके पूरा होने की सूचना यहीं मिलेगी।`,
  ranAlready: (name) => `${name} को कोई पहले से चला रहा है; नया कुछ शुरू नहीं हुआ।`,
  hasSucceeded: (name, time) => `${name} ${time} में सफल हुआ।`,
  hasFailed: (name, reason) => `${name} विफल हुआ: ${reason}`,
  hasVanished: (name) => `${name} बिना किसी रिकॉर्ड के समाप्त हुआ: शायद इंस्टेंस रुक गया। उसके लॉग में और जानकारी है।`,
  saysMore: (start) => `${start} …`,
}
