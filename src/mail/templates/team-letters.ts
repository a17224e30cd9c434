import type { Language } from '../../text/language.ts'
import { displayName } from './display.ts'
import type { LetterTexts } from './letter.ts'
import { singleUseTexts } from './link-letters.ts'
import type { RequestedMailData } from './mail-data.ts'
import type { TeamChange } from './notice-data.ts'
import type { NoticeTexts } from './notice-letter.ts'

/** The invitation to an address that may have no account yet: an account with this address must be made first. */
export const teamInvitation: LetterTexts<RequestedMailData['team-invitation']> = {
  en: ({ validHours, team, inviter }, { brand }) => ({
    subject: `You are invited to a team at ${brand.name}`,
    paragraphs: [
      `${inviter === null ? 'Somebody' : displayName(inviter)} invites you to a team at ${brand.name}. Members use the plan that the owner of the team pays for.`,
      'Sign in with an account of this e-mail address to join. If you have none yet, open one first, and confirm the address.',
    ],
    facts: team === null ? [] : [`Team: ${displayName(team)}`],
    action: { label: 'Join the team', validity: singleUseTexts.en(validHours) },
    why: 'You get this mail because somebody gave this address for the invitation.',
    notYou: 'If you do not know who invites you, do nothing: nobody joins without signing in.',
  }),
  hi: ({ validHours, team, inviter }, { brand }) => ({
    subject: `आपको ${brand.name} पर एक टीम में आमंत्रित किया गया है`,
    paragraphs: [
      `${inviter === null ? 'किसी व्यक्ति' : displayName(inviter)} ने आपको ${brand.name} पर एक टीम में आमंत्रित किया है। टीम के सदस्य वही प्लान इस्तेमाल करते हैं जिसका भुगतान टीम का मालिक करता है।`,
      'शामिल होने के लिए इसी ईमेल पते के खाते से साइन इन करें। अगर आपका खाता अभी नहीं है, तो पहले खाता खोलें और पते की पुष्टि करें।',
    ],
    facts: team === null ? [] : [`टीम: ${displayName(team)}`],
    action: { label: 'टीम में शामिल हों', validity: singleUseTexts.hi(validHours) },
    why: 'आपको यह ईमेल इसलिए मिला है क्योंकि किसी ने आमंत्रण के लिए यही पता दिया है।',
    notYou: 'अगर आप आमंत्रित करने वाले को नहीं जानते, तो कुछ न करें: साइन इन किए बिना कोई शामिल नहीं होता।',
  }),
}

const changes: Record<Language, Record<TeamChange, string>> = {
  en: {
    joined: 'you joined it, and have its plan',
    left: 'you left it, and have your own plan again',
    removed: 'its owner removed you, and you have your own plan again',
    surplus: 'its plan has too few seats for everybody, and you have your own plan again',
    ended: 'it ended, and you have your own plan again',
  },
  hi: {
    joined: 'आप इसमें शामिल हुए, और अब इसका प्लान आपका है',
    left: 'आपने इसे छोड़ दिया, और फिर से आपका अपना प्लान लागू है',
    removed: 'टीम के मालिक ने आपको हटा दिया, और फिर से आपका अपना प्लान लागू है',
    surplus: 'टीम के प्लान में सबके लिए पर्याप्त जगह नहीं है, और फिर से आपका अपना प्लान लागू है',
    ended: 'यह समाप्त हो गई, और फिर से आपका अपना प्लान लागू है',
  },
}

export const teamNotice: NoticeTexts<'team-changed'> = {
  en: {
    subject: 'Your membership of a team has changed',
    severally: (count) => `Your membership of teams has changed ${count} times`,
    opening: 'This changed about your team:',
    event: ({ team, change }) => `${team === null ? 'the team' : displayName(team)}: ${changes.en[change]}`,
    notYou: 'If you did not expect that: sign in and look at your team, and change your password.',
  },
  hi: {
    subject: 'टीम की आपकी सदस्यता में बदलाव हुआ',
    severally: (count) => `टीम की आपकी सदस्यता में ${count} बार बदलाव हुआ`,
    opening: 'आपकी टीम के बारे में यह बदलाव हुआ है:',
    event: ({ team, change }) => `${team === null ? 'टीम' : displayName(team)}: ${changes.hi[change]}`,
    notYou: 'अगर आपको इसकी उम्मीद नहीं थी, तो साइन इन करके अपनी टीम देखें और पासवर्ड बदलें।',
  },
}

export const seatsNotice: NoticeTexts<'team-seats'> = {
  en: {
    subject: 'A team has too few seats',
    severally: () => 'A team has too few seats',
    opening:
      'The plan of a team has fewer seats than the team has people. Those who joined last leave it on the day that is named:',
    event: ({ team, members, until }, { day }) =>
      `${team === null ? 'the team' : displayName(team)}: ${members === null ? 'you leave it' : members === 1 ? 'one member leaves it' : `${members} members leave it`} on ${day(until)}, unless seats become free`,
    notYou: 'Seats become free when the owner takes a larger plan, or when others leave.',
  },
  hi: {
    subject: 'टीम में जगह कम है',
    severally: () => 'टीम में जगह कम है',
    opening: 'टीम के प्लान में उतनी जगह नहीं है जितने टीम में लोग हैं। जो सबसे बाद में शामिल हुए, वे बताई गई तारीख को टीम से हट जाएँगे:',
    event: ({ team, members, until }, { day }) =>
      `${team === null ? 'टीम' : displayName(team)}: जगह खाली न होने पर ${day(until)} को ${members === null ? 'आप टीम से हट जाएँगे' : `${members} सदस्य टीम से हट जाएँगे`}`,
    notYou: 'टीम का मालिक बड़ा प्लान ले या दूसरे सदस्य टीम छोड़ें, तो जगह खाली हो जाती है।',
  },
}
