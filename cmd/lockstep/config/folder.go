package config

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// FolderPlaceholder stands, in the namespace of an entry with paths, for the last element of the folder.
const FolderPlaceholder = "${APP}"

// In returns the app of a folder that Paths matches. It is named after the folder's last element; a folder whose name can be
// no app's is an error, and none of the others' business.
func (a App) In(folder string) (App, error) {
	element := path.Base(folder)
	a.Name = a.NamePrefix + element
	a.Namespace = strings.ReplaceAll(a.Namespace, FolderPlaceholder, element)
	a.Path, a.Paths, a.NamePrefix = path.Clean(folder), "", ""
	switch {
	case !isName(a.Name):
		return App{}, fmt.Errorf("folder %q cannot name an app: %s", folder, wantName)
	case len(validation.IsDNS1123Label(a.Namespace)) > 0:
		return App{}, fmt.Errorf("folder %q cannot name a namespace: it would be %q", folder, a.Namespace)
	}
	return a, nil
}

// mayBe reports whether one of the folders that Paths matches could be the app of that name.
func (a App) mayBe(name string) bool {
	element, ok := strings.CutPrefix(name, a.NamePrefix)
	if !ok || a.Paths == "" {
		return false
	}
	matched, err := path.Match(path.Base(a.Paths), element)
	return matched && err == nil
}

var wantName = fmt.Sprintf("want lower case letters, digits and dashes, at most %d", LongestName)

func isName(text string) bool {
	return len(text) <= LongestName && len(validation.IsDNS1123Label(text)) == 0
}
