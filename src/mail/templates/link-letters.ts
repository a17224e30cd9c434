import { displayName, displaySpan, maskedEmail } from './display.ts'
import type { LetterTexts } from './letter.ts'
import type { RequestedMailData } from './mail-data.ts'

type Links = 'verify-email' | 'reset-password' | 'confirm-email' | 'undo-email' | 'accept-invitation'

/** The link opens a page and changes nothing until its button is pressed, because programs open links too. */
export const singleUseTexts = {
  en: (hours: number) => `The link works once, for ${displaySpan(hours, 'en')}. It opens a page with a button.`,
  hi: (hours: number) =>
    `यह लिंक एक ही बार काम करता है, ${displaySpan(hours, 'hi')} तक। इससे एक पेज खुलता है, जिस पर एक बटन है।`,
}

/** The mails with a link. */
export const linkLetters: { [K in Links]: LetterTexts<RequestedMailData[K]> } = {
  'verify-email': {
    en: ({ validHours }, { brand }) => ({
      subject: 'Confirm your e-mail address',
      paragraphs: [
        'Please confirm that this is your e-mail address. With it you can get back into your account, and here we warn you of changes to it.',
      ],
      action: { label: 'Confirm the address', validity: singleUseTexts.en(validHours) },
      why: `You get this mail because somebody gave this address for an account at ${brand.name}.`,
      notYou: 'If it was not you, do nothing: without the button this address never counts as confirmed.',
    }),
    hi: ({ validHours }, { brand }) => ({
      subject: 'अपने ईमेल पते की पुष्टि करें',
      paragraphs: [
        'कृपया पुष्टि करें कि यह ईमेल पता आपका है। इसी से आप अपना खाता वापस पा सकते हैं, और खाते में होने वाले बदलावों की सूचना हम इसी पते पर भेजते हैं।',
      ],
      action: { label: 'पते की पुष्टि करें', validity: singleUseTexts.hi(validHours) },
      why: `आपको यह ईमेल इसलिए मिला है क्योंकि किसी ने ${brand.name} के खाते के लिए यह पता दिया है।`,
      notYou: 'अगर यह आपने नहीं किया, तो कुछ न करें: बटन दबाए बिना इस पते की पुष्टि कभी नहीं होगी।',
    }),
  },
  'reset-password': {
    en: ({ validHours, cause }, { brand }) => ({
      subject: 'Choose a new password',
      paragraphs: [
        cause === 'undo'
          ? 'Your e-mail address was put back to this one, and the password of the account was removed. Choose a new one to sign in again.'
          : 'Press the button to choose a new password for your account. All devices are then signed out, and all API keys end.',
      ],
      action: { label: 'Choose a new password', validity: singleUseTexts.en(validHours) },
      why: {
        asked: `You get this mail because somebody asked for a new password for your account at ${brand.name}.`,
        administrator: `You get this mail because an administrator of ${brand.name} asks you to choose a new password.`,
        undo: `You get this mail because the change of the e-mail address of your account at ${brand.name} was undone.`,
      }[cause],
      notYou: {
        asked:
          'If it was not you, do nothing: your password stays as it is, and only who reads this mailbox can use the link.',
        administrator:
          'If you did not expect it, ask your administrator first. Until then your password stays as it is.',
        undo: 'If it was not you, choose a new password all the same: only who reads this mailbox can.',
      }[cause],
    }),
    hi: ({ validHours, cause }, { brand }) => ({
      subject: 'नया पासवर्ड चुनें',
      paragraphs: [
        cause === 'undo'
          ? 'आपके खाते का ईमेल पता फिर से यही कर दिया गया है, और खाते का पासवर्ड हटा दिया गया है। फिर से साइन इन करने के लिए नया पासवर्ड चुनें।'
          : 'अपने खाते का नया पासवर्ड चुनने के लिए बटन दबाएँ। इसके बाद सभी डिवाइस साइन आउट हो जाएँगे और सभी API कुंजियाँ बंद हो जाएँगी।',
      ],
      action: { label: 'नया पासवर्ड चुनें', validity: singleUseTexts.hi(validHours) },
      why: {
        asked: `आपको यह ईमेल इसलिए मिला है क्योंकि किसी ने ${brand.name} पर आपके खाते के लिए नया पासवर्ड माँगा है।`,
        administrator: `आपको यह ईमेल इसलिए मिला है क्योंकि ${brand.name} के एडमिनिस्ट्रेटर ने आपसे नया पासवर्ड चुनने को कहा है।`,
        undo: `आपको यह ईमेल इसलिए मिला है क्योंकि ${brand.name} पर आपके खाते के ईमेल पते का बदलाव वापस लिया गया है।`,
      }[cause],
      notYou: {
        asked:
          'अगर यह आपने नहीं किया, तो कुछ न करें: आपका पासवर्ड वही रहेगा, और इस लिंक का उपयोग वही कर सकता है जो यह मेलबॉक्स पढ़ता है।',
        administrator: 'अगर आपको इसकी उम्मीद नहीं थी, तो पहले अपने एडमिनिस्ट्रेटर से पूछें। तब तक आपका पासवर्ड वही रहेगा।',
        undo: 'अगर यह आपने नहीं किया, तब भी नया पासवर्ड चुनें: यह वही कर सकता है जो यह मेलबॉक्स पढ़ता है।',
      }[cause],
    }),
  },
  'confirm-email': {
    en: ({ validHours }, { brand }) => ({
      subject: 'Confirm your new e-mail address',
      paragraphs: ['Your account is to use this e-mail address from now on. Confirm it, and you sign in with it.'],
      action: { label: 'Use this address', validity: singleUseTexts.en(validHours) },
      why: `You get this mail because somebody who is signed in to an account at ${brand.name} gave this address as the new one.`,
      notYou: 'If it was not you, do nothing: without the button this address is not used.',
    }),
    hi: ({ validHours }, { brand }) => ({
      subject: 'अपने नए ईमेल पते की पुष्टि करें',
      paragraphs: ['आपके खाते के लिए अब से यह ईमेल पता इस्तेमाल होना है। इसकी पुष्टि करें; उसके बाद आप इसी से साइन इन करेंगे।'],
      action: { label: 'यह पता इस्तेमाल करें', validity: singleUseTexts.hi(validHours) },
      why: `आपको यह ईमेल इसलिए मिला है क्योंकि ${brand.name} के एक खाते में साइन इन किए हुए किसी व्यक्ति ने इसे अपना नया पता बताया है।`,
      notYou: 'अगर यह आपने नहीं किया, तो कुछ न करें: बटन दबाए बिना यह पता इस्तेमाल नहीं होगा।',
    }),
  },
  'undo-email': {
    en: ({ validHours, newEmail }, { brand }) => ({
      subject: 'Your e-mail address was changed',
      paragraphs: [
        `The e-mail address of your account is now ${maskedEmail(newEmail)}. Mails about the account no longer come here.`,
        'If you did not want that, undo it: this address comes back, the password, all API keys and every way to sign in that was added since are removed, and all devices are signed out. You then get a link here to choose a new password.',
      ],
      action: { label: 'Undo the change', validity: singleUseTexts.en(validHours) },
      why: `You get this mail because this was the e-mail address of an account at ${brand.name} until now.`,
      notYou: 'If it was not you, undo the change now. If it was you, you need to do nothing.',
    }),
    hi: ({ validHours, newEmail }, { brand }) => ({
      subject: 'आपका ईमेल पता बदल दिया गया है',
      paragraphs: [
        `आपके खाते का ईमेल पता अब ${maskedEmail(newEmail)} है। खाते के बारे में ईमेल अब यहाँ नहीं आएँगे।`,
        'अगर आप ऐसा नहीं चाहते थे, तो बदलाव वापस लें: यह पता फिर से लागू होगा, पासवर्ड, सभी API कुंजियाँ और इस बीच जोड़ा गया साइन इन का हर तरीका हटा दिया जाएगा, और सभी डिवाइस साइन आउट हो जाएँगे। फिर नया पासवर्ड चुनने का लिंक आपको यहीं मिलेगा।',
      ],
      action: { label: 'बदलाव वापस लें', validity: singleUseTexts.hi(validHours) },
      why: `आपको यह ईमेल इसलिए मिला है क्योंकि अब तक ${brand.name} के एक खाते का ईमेल पता यही था।`,
      notYou: 'अगर यह आपने नहीं किया, तो बदलाव अभी वापस लें। अगर यह आपने ही किया है, तो कुछ करने की ज़रूरत नहीं है।',
    }),
  },
  'accept-invitation': {
    en: ({ validHours, inviter, role, plan }, { brand }) => ({
      subject: `You are invited to ${brand.name}`,
      paragraphs: [
        `${inviter === null ? 'An administrator' : displayName(inviter)} has prepared an account at ${brand.name} for you. Choose a password to begin.`,
      ],
      facts: [
        ...(role === null ? [] : [`Role: ${displayName(role)}`]),
        ...(plan === null ? [] : [`Plan: ${displayName(plan)}`]),
      ],
      action: { label: 'Accept the invitation', validity: singleUseTexts.en(validHours) },
      why: 'You get this mail because this address was given for the invitation.',
      notYou:
        'If you do not expect an invitation, do nothing: without your password nobody can use the account, and it is deleted after 30 days.',
    }),
    hi: ({ validHours, inviter, role, plan }, { brand }) => ({
      subject: `आपको ${brand.name} पर आमंत्रित किया गया है`,
      paragraphs: [
        `${inviter === null ? 'एडमिनिस्ट्रेटर' : displayName(inviter)} ने ${brand.name} पर आपके लिए एक खाता तैयार किया है। शुरू करने के लिए एक पासवर्ड चुनें।`,
      ],
      facts: [
        ...(role === null ? [] : [`भूमिका: ${displayName(role)}`]),
        ...(plan === null ? [] : [`प्लान: ${displayName(plan)}`]),
      ],
      action: { label: 'आमंत्रण स्वीकार करें', validity: singleUseTexts.hi(validHours) },
      why: 'आपको यह ईमेल इसलिए मिला है क्योंकि आमंत्रण के लिए यही पता दिया गया था।',
      notYou:
        'अगर आपको किसी आमंत्रण की उम्मीद नहीं थी, तो कुछ न करें: आपके पासवर्ड के बिना कोई इस खाते का उपयोग नहीं कर सकता, और 30 दिन बाद इसे हटा दिया जाता है।',
    }),
  },
}
