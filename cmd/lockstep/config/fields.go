package config

import (
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

func (r *Repository) fields(folder string) fields {
	return r.refFields(fields{
		"name":              func(v value) { r.Name = v.name() },
		"url":               func(v value) { r.URL = v.url(folder) },
		"ref.branch":        func(v value) { r.Branch = v.branch() },
		"interval":          func(v value) { r.Interval = v.duration() },
		"timeout":           func(v value) { r.Timeout = v.upTo(LongestFetch) },
		"credentials.dir":   func(v value) { r.Credentials = v.onDisk(folder) },
		"proxy":             func(v value) { r.Proxy, _ = v.text() },
		"verify.signatures": func(v value) { r.Signatures = v.oneOf("none", "required") == "required" },
		"verify.keys":       func(v value) { r.Keys = v.onDisk(folder) },

		"webhook.provider":   func(v value) { r.WebhookProvider = v.provider() },
		"webhook.secretFile": func(v value) { r.WebhookSecrets = v.onDisk(folder) },
	})
}

func (a *App) fields() fields {
	return fields{
		"name":           func(v value) { a.Name = v.name() },
		"repository":     func(v value) { a.Repository = v.name() },
		"path":           func(v value) { a.Path = v.folder() },
		"paths":          func(v value) { a.Paths = v.pattern() },
		"namePrefix":     func(v value) { a.NamePrefix = v.namePrefix() },
		"namespace":      func(v value) { a.Namespace = v.namespace() },
		"serviceAccount": func(v value) { a.ServiceAccount = v.serviceAccount() },
		"prune":          func(v value) { a.Prune = v.boolean() },
		"allowPrune":     func(v value) { a.AllowPrune = v.count() },
		"conflicts":      func(v value) { a.Force = v.oneOf("report", "force") == "force" },
		"drift":          func(v value) { a.DetectOnly = v.oneOf("correct", "detect") == "detect" },
		"dependsOn":      func(v value) { a.DependsOn = v.names() },
		"gate.timeout":   func(v value) { a.Timeout = v.duration() },
		"gate.probe":     func(v value) { a.Probes = v.probes() },
		"health":         func(v value) { a.Rules = v.rules() },
		"onFailure":      func(v value) { a.Rollback = v.oneOf("hold", "rollback") == "rollback" },
		"suspend":        func(v value) { a.Suspend = v.boolean() },
		"vars":           func(v value) { a.Vars = v.vars() },
	}
}

func (r *reader) repository(i int, n *yaml.Node) {
	e := newEntry(r.file, "repository", i, n)
	repository := Repository{Branch: git.DefaultBranch, Interval: sync.DefaultInterval, Timeout: git.DefaultTimeout, Line: e.line}
	e.read(value{entry: e, line: e.line, node: resolve(n)}, repository.fields(folderOf(r.file)))
	if isMap(resolve(n)) {
		e.need("name", "url")
		e.access(repository)
		e.hooked(repository)
		e.oneRef(&repository)
		e.signatures(repository)
	}
	r.repositories = append(r.repositories, repositoryEntry{e, repository})
}

// folderOf returns the absolute folder of a file; a relative one if the working folder is gone.
func folderOf(file string) string {
	folder := filepath.Dir(file)
	if absolute, err := filepath.Abs(folder); err == nil {
		return absolute
	}
	return folder
}

func (r *reader) app(i int, n *yaml.Node) {
	e := newEntry(r.file, "app", i, n)
	app := App{Namespace: DefaultNamespace, Prune: true, Timeout: sync.DefaultTimeout, Line: e.line}
	e.read(value{entry: e, line: e.line, node: resolve(n)}, app.fields())
	if isMap(resolve(n)) {
		e.need("repository")
		e.oneOrMany(app)
	}
	r.apps = append(r.apps, appEntry{e, app})
}

// oneOrMany checks what an entry for one folder must have and one for many may not, and the other way round.
func (e *entry) oneOrMany(app App) {
	_, one := e.lines["path"]
	_, many := e.lines["paths"]
	switch {
	case one && many:
		e.fail(e.lineOf("paths"), "path and paths are both there; want one of them")
	case many:
		if _, named := e.lines["name"]; named {
			e.fail(e.lineOf("name"), "name: with paths, each app is named after its folder; want namePrefix or nothing")
		}
	case one:
		e.need("name")
		if _, prefixed := e.lines["namePrefix"]; prefixed {
			e.fail(e.lineOf("namePrefix"), "namePrefix: goes with paths, not with path")
		}
		if strings.Contains(app.Namespace, FolderPlaceholder) {
			e.fail(e.lineOf("namespace"), "namespace: %s goes with paths, not with path", FolderPlaceholder)
		}
	default:
		e.fail(e.line, "path: missing; write . for all of the repository, or paths for an app for each folder")
	}
}
