package manifest

import (
	"regexp"
	"strings"
)

// userAt is how an address of ssh begins: git@example.com:org/repo.
var userAt = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*@`)

// remote says whether kustomize may take a text for the address of something outside the repository. It errs on the side
// of yes: what this lets pass is looked for in memory alone.
func remote(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, prefix := range []string{"http:", "https:", "git::", "github.com/", "github.com:"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return strings.Contains(text, "://") || strings.Contains(text, "?ref=") || userAt.MatchString(text)
}
