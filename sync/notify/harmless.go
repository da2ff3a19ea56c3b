package notify

import (
	"regexp"
	"strings"
)

// longestChat is how many bytes of a text a chat gets: Discord takes no more characters.
const longestChat = 2000

// escaped are the characters that Slack's format gives a meaning.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// mention is what Mattermost and Discord, which take Slack's format, make a mention of, and link what they and Teams make one of
// whose address is not seen.
var (
	mention = regexp.MustCompile(`\B@|@(everyone|here|channel|all)\b`)
	link    = strings.NewReplacer("](", "]\u200b(")
)

// harmless returns n with nothing in what others wrote that the format of a chat gives a meaning.
func (n Notice) harmless(of Type) Notice {
	plain := link.Replace
	if of == Slack {
		plain = func(text string) string {
			return mention.ReplaceAllString(escaped.Replace(link.Replace(text)), "@\u200b$1")
		}
	}
	for _, text := range []*string{
		&n.Repository, &n.Path, &n.Reason, &n.Message, &n.Advice, &n.Revision.Ref, &n.Author, &n.Subject,
	} {
		*text = plain(*text)
	}
	return n
}

// cutChat returns text of at most so many bytes, without a part of an escaped character at its end.
func cutChat(text string) string {
	if len(text) <= longestChat {
		return text
	}
	text = strings.TrimSuffix(cut(text, longestChat), "…")
	if begin := strings.LastIndexByte(text, '&'); begin >= len(text)-len("&amp") && !strings.Contains(text[begin:], ";") {
		text = text[:begin]
	}
	return text + "…"
}
