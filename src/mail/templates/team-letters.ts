import type { Language } from '../../text/language.ts'
import type { LetterTexts } from './letter.ts'
import { worksOnce } from './link-letters.ts'
import type { RequestedMailData } from './mail-data.ts'
import type { TeamChange } from './notice-data.ts'
import type { NoticeTexts } from './notice-letter.ts'
import { shownName } from './shown.ts'

/** To an address that may have no account yet: an account of this address must be made first. */
export const teamInvitation: LetterTexts<RequestedMailData['team-invitation']> = {
  en: ({ validHours, team, inviter }, { brand }) => ({
    subject: `You are invited to a team at ${brand.name}`,
    paragraphs: [
      `${inviter === null ? 'Somebody' : shownName(inviter)} invites you to a team at ${brand.name}. Members use the plan that the owner of the team pays for.`,
      'Sign in with an account of this e-mail address to join. If you have none yet, open one first, and confirm the address.',
    ],
    facts: team === null ? [] : [`Team: ${shownName(team)}`],
    action: { label: 'Join the team', validity: worksOnce.en(validHours) },
    why: 'You get this mail because somebody gave this address for the invitation.',
    notYou: 'If you do not know who invites you, do nothing: nobody joins without signing in.',
  }),
  hi: ({ validHours, team, inviter }, { brand }) => ({
    subject: `आपको ${brand.name} पर एक टीम में आमंत्रित किया गया है`,
    paragraphs: [
      `${inviter === null ? 'किसी व्यक्ति' : shownName(inviter)} ने आपको ${brand.name} पर एक टीम में आमंत्रित किया है। टीम के सदस्य वही प्लान इस्तेमाल करते हैं जिसका भुगतान टीम का मालिक करता है।`,
      'शामिल होने के लिए इसी ईमेल पते के खाते से साइन इन करें। अगर आपका खाता अभी नहीं है, तो पहले खाता खोलें और पते की पुष्टि करें।',
    ],
    facts: team === null ? [] : [`टीम: ${shownName(team)}`],
    action: { label: 'टीम में शामिल हों', validity: worksOnce.hi(validHours) },
    why: 'आपको यह ईमेल इसलिए मिला है क्योंकि किसी ने आमंत्रण के लिए यही पता दिया है।',
    notYou: 'अगर आप आमंत्रित करने वाले को नहीं जानते, तो कुछ न करें: साइन इन किए बिना कोई शामिल नहीं होता।',
  }),
}

const changes: Record<Language, Record<TeamChange, string>> = {
  en: {
    joined: 'you joined it, and have its plan',
    left: 'you left it, and have your own plan again',
    removed: 'its owner removed you, and you have your own plan again',
    ended: 'it ended, and you have your own plan again',
  },
  hi: {
    joined: 'आप इसमें शामिल हुए, और अब इसका प्लान आपका है',
    left: 'आपने इसे छोड़ दिया, और फिर से आपका अपना प्लान लागू है',
    removed: 'टीम के मालिक ने आपको हटा दिया, और फिर से आपका अपना प्लान लागू है',
    ended: 'यह समाप्त हो गई, और फिर से आपका अपना प्लान लागू है',
  },
}

export const teamNotice: NoticeTexts<'team-changed'> = {
  en: {
    subject: 'Your membership of a team has changed',
    severally: (count) => `Your membership of teams has changed ${count} times`,
    opening: 'This changed about your team:',
    event: ({ team, change }) => `${team === null ? 'the team' : shownName(team)}: ${changes.en[change]}`,
    notYou: 'If you did not expect that: sign in and look at your team, and change your password.',
  },
  hi: {
    subject: 'टीम की आपकी सदस्यता में बदलाव हुआ',
    severally: (count) => `टीम की आपकी सदस्यता में ${count} बार बदलाव हुआ`,
    opening: 'आपकी टीम के बारे में यह बदलाव हुआ है:',
    event: ({ team, change }) => `${team === null ? 'टीम' : shownName(team)}: ${changes.hi[change]}`,
    notYou: 'अगर आपको इसकी उम्मीद नहीं थी, तो साइन इन करके अपनी टीम देखें और पासवर्ड बदलें।',
  },
}
