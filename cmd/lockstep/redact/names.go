package redact

import "regexp"

// names are what the names of secrets have in common, in lower case.
var names = []string{
	"authorization", "cookie", "passw", "pwd", "pass", "token", "key", "secret", "auth", "signature", "connectionstring", "dockerconfig",
}

// named matches the name of a secret, and what parts it from its value.
var named = regexp.MustCompile(`(?is)(?:authorization|x-api-key|private-token|cookie|passw(?:or)?d|passphrase|\bpwd|(?:\b|_|PG)pass|token|secret|` +
	`(?:api|private|access|secret|account|signing|encryption|master|tls\.)[_-]?key(?:_id)?|connection[_-]?string|dockerconfigjson|` +
	`(?:hub|shared[_-]?access)[_-]signature(?:-256)?|sharedaccesssignature|\\?["']auth\\?["'])[\\"']*(?:\s*[:=]|%3[ad])`)

// said matches what is said about a secret, or about the file that holds it, in place of its value.
var said = regexp.MustCompile(`^\s+(?:no such file or directory|permission denied|operation not permitted|is a directory|not a directory|` +
	`file (?:already )?exists|file name too long|too many (?:levels of symbolic links|open files)|input/output error|read-only file system|` +
	`no space left on device|stale (?:NFS )?file handle|device or resource busy|(?:unexpected )?EOF|context (?:canceled|deadline exceeded)|` +
	`[Ff]orbidden|[Nn]ot found|Required value|[a-z]+ "[^"]*" (?:not found|is forbidden|already exists))(?:$|[:;,.)\n])`)

// hideAfterNames hides all that follows the first name of a secret of which no more is said than what is wrong with it.
func hideAfterNames(text string) string {
	for at := 0; ; {
		match := named.FindStringIndex(text[at:])
		if match == nil {
			return text
		}
		at += match[1]
		rest := text[at:]
		if rest != "" && rest[0] != cut[0] && !said.MatchString(rest) {
			return text[:at] + " " + hidden
		}
	}
}
