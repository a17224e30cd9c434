import type { Language } from '../../text/language.ts'
import { displayName } from './display.ts'
import type { SubscriptionChange } from './notice-data.ts'
import { displayOrigin, type NoticeTexts } from './notice-letter.ts'

const changes: Record<Language, Record<SubscriptionChange, (plan: string) => string>> = {
  en: {
    'trial-begun': (plan) => `the trial of ${plan} began`,
    begun: (plan) => `${plan} began`,
    granted: (plan) => `you were granted ${plan}`,
    changed: (plan) => `the plan is now ${plan}`,
    cancelled: (plan) => `${plan} was cancelled`,
    resumed: (plan) => `the cancellation of ${plan} was taken back`,
    ended: (plan) => `${plan} ended, and the account is on the free plan`,
    'payment-failed': (plan) => `the payment for ${plan} failed; please check your means of payment`,
    refunded: (plan) => `the payment for ${plan} was refunded`,
  },
  hi: {
    'trial-begun': (plan) => `${plan} प्लान का ट्रायल शुरू हुआ`,
    begun: (plan) => `${plan} प्लान शुरू हुआ`,
    granted: (plan) => `आपको ${plan} प्लान दिया गया`,
    changed: (plan) => `अब आपका प्लान ${plan} है`,
    cancelled: (plan) => `${plan} प्लान रद्द किया गया`,
    resumed: (plan) => `${plan} प्लान को रद्द करना वापस लिया गया`,
    ended: (plan) => `${plan} प्लान समाप्त हुआ, और खाता अब मुफ़्त प्लान पर है`,
    'payment-failed': (plan) => `${plan} प्लान का भुगतान नहीं हो पाया; कृपया भुगतान का तरीका जाँचें`,
    refunded: (plan) => `${plan} प्लान का भुगतान लौटाया गया`,
  },
}

/** Notices about an account and its rights. */
export const accountNotices: {
  'password-changed': NoticeTexts<'password-changed'>
  'password-reset': NoticeTexts<'password-reset'>
  'api-key-created': NoticeTexts<'api-key-created'>
  'role-raised': NoticeTexts<'role-raised'>
  'subscription-changed': NoticeTexts<'subscription-changed'>
  'webhook-disabled': NoticeTexts<'webhook-disabled'>
} = {
  'password-changed': {
    en: {
      subject: 'Your password was changed',
      severally: (count) => `Your password was changed ${count} times`,
      opening: 'The password of your account was changed. All other devices were signed out.',
      event: displayOrigin.en,
      notYou:
        'If it was not you: choose “Forgot password” where you sign in, and set a new one at once. That ends every session, whoever began it.',
    },
    hi: {
      subject: 'आपका पासवर्ड बदला गया',
      severally: (count) => `आपका पासवर्ड ${count} बार बदला गया`,
      opening: 'आपके खाते का पासवर्ड बदला गया है। बाकी सभी डिवाइस साइन आउट कर दिए गए हैं।',
      event: displayOrigin.hi,
      notYou:
        'अगर यह आपने नहीं किया, तो साइन इन पेज पर “पासवर्ड भूल गए” चुनें और तुरंत नया पासवर्ड रखें। इससे सभी सत्र समाप्त हो जाते हैं, चाहे वे किसी ने भी शुरू किए हों।',
    },
  },
  'password-reset': {
    en: {
      subject: 'You have a new password',
      severally: (count) => `Your password was reset ${count} times`,
      opening:
        'A new password was set by a link that was sent to this address. All devices were signed out, and all API keys ended.',
      event: displayOrigin.en,
      notYou:
        'If it was not you, somebody can read your mail. Change the password of your mailbox first, then choose “Forgot password” here.',
    },
    hi: {
      subject: 'आपका नया पासवर्ड लागू हो गया है',
      severally: (count) => `आपका पासवर्ड ${count} बार रीसेट किया गया`,
      opening:
        'इस पते पर भेजे गए लिंक से नया पासवर्ड रखा गया है। सभी डिवाइस साइन आउट कर दिए गए हैं और सभी API कुंजियाँ बंद हो गई हैं।',
      event: displayOrigin.hi,
      notYou: 'अगर यह आपने नहीं किया, तो कोई आपके ईमेल पढ़ सकता है। पहले अपने मेलबॉक्स का पासवर्ड बदलें, फिर यहाँ “पासवर्ड भूल गए” चुनें।',
    },
  },
  'api-key-created': {
    en: {
      subject: 'An API key was made',
      severally: (count) => `${count} API keys were made`,
      opening: 'Programs can use your account with an API key, within the permissions that it was given:',
      event: ({ prefix, ip }) => [`key ${displayName(prefix)}…`, displayOrigin.en({ ip })].filter(Boolean).join(', '),
      notYou: 'If it was not you: delete the key, change your password and end all sessions.',
    },
    hi: {
      subject: 'एक API कुंजी बनाई गई',
      severally: (count) => `${count} API कुंजियाँ बनाई गईं`,
      opening: 'API कुंजी से प्रोग्राम, दी गई अनुमतियों के भीतर, आपके खाते का उपयोग कर सकते हैं:',
      event: ({ prefix, ip }) => [`कुंजी ${displayName(prefix)}…`, displayOrigin.hi({ ip })].filter(Boolean).join(', '),
      notYou: 'अगर यह आपने नहीं किया, तो कुंजी को हटाएँ, पासवर्ड बदलें और सभी सत्र समाप्त करें।',
    },
  },
  'role-raised': {
    en: {
      subject: 'Your account may do more now',
      severally: (count) => `Your account was given more rights ${count} times`,
      opening: 'An administrator gave your account a role with more rights:',
      event: ({ role }) => displayName(role),
      notYou: 'If you did not expect it, ask your administrator.',
    },
    hi: {
      subject: 'आपके खाते को अधिक अधिकार दिए गए हैं',
      severally: (count) => `आपके खाते को ${count} बार अधिक अधिकार दिए गए`,
      opening: 'एडमिनिस्ट्रेटर ने आपके खाते को अधिक अधिकारों वाली भूमिका दी है:',
      event: ({ role }) => displayName(role),
      notYou: 'अगर आपको इसकी उम्मीद नहीं थी, तो अपने एडमिनिस्ट्रेटर से पूछें।',
    },
  },
  'subscription-changed': {
    en: {
      subject: 'Your subscription was changed',
      severally: (count) => `Your subscription was changed ${count} times`,
      opening: 'This changed about your subscription:',
      event: ({ plan, change, until }, { day }) =>
        `${changes.en[change](displayName(plan))}${until === null ? '' : `, until ${day(until)}`}`,
      notYou: 'If you did not want that: sign in and look at your subscription, and change your password.',
    },
    hi: {
      subject: 'आपकी सदस्यता में बदलाव हुआ',
      severally: (count) => `आपकी सदस्यता में ${count} बार बदलाव हुआ`,
      opening: 'आपकी सदस्यता में यह बदलाव हुआ है:',
      event: ({ plan, change, until }, { day }) =>
        `${changes.hi[change](displayName(plan))}${until === null ? '' : `, ${day(until)} तक`}`,
      notYou: 'अगर आप ऐसा नहीं चाहते थे, तो साइन इन करके अपनी सदस्यता देखें और पासवर्ड बदलें।',
    },
  },
  'webhook-disabled': {
    en: {
      subject: 'A webhook endpoint was disabled',
      severally: (count) => `${count} webhook endpoints were disabled`,
      opening: 'No more events are sent to a webhook endpoint of yours:',
      event: ({ host, reason }) =>
        `${displayName(host)}, ${reason === 'gone' ? 'which said that it is gone' : 'where nothing came through for five days'}`,
      notYou:
        'If it should go on: see to it that it answers, then enable it again. Events of the meantime can be sent once more from its log.',
    },
    hi: {
      subject: 'एक वेबहुक एंडपॉइंट बंद किया गया',
      severally: (count) => `${count} वेबहुक एंडपॉइंट बंद किए गए`,
      opening: 'आपके एक वेबहुक एंडपॉइंट को अब कोई इवेंट नहीं भेजा जाएगा:',
      event: ({ host, reason }) =>
        `${displayName(host)}, ${reason === 'gone' ? 'जिसने बताया कि वह अब नहीं है' : 'जहाँ पाँच दिनों तक कुछ नहीं पहुँचा'}`,
      notYou:
        'अगर इसे चालू रहना चाहिए, तो पहले देखें कि वह उत्तर दे रहा है, फिर उसे दोबारा चालू करें। बीच के इवेंट उसके लॉग से फिर भेजे जा सकते हैं।',
    },
  },
}
