package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	stdsync "sync"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// planApps are apps, and where their files are read.
type planApps struct {
	apps   []sync.App
	of     map[string]*planFiles // by the app's name
	opened []*git.Repository
}

func (a *planApps) close() {
	for _, repository := range a.opened {
		_ = repository.Close() // a cache: what is not closed well is read afresh
	}
}

func (a *planApps) add(app sync.App, files *planFiles) error {
	if other, twice := a.of[app.Name]; twice {
		return fmt.Errorf("app %q of %s: there is one of that name, of %s", app.Name, files.name, other.name)
	}
	app.Repository, app.Feed = files.name, files.name
	a.apps = append(a.apps, app)
	a.of[app.Name] = files
	return nil
}

// only returns which apps are meant: those of names, or all.
func (a *planApps) only(names, problems []string) (func(sync.App) bool, error) {
	for _, name := range names {
		if a.of[name] != nil {
			continue
		}
		text := fmt.Sprintf("there is no app %q", name)
		return nil, errors.New(strings.Join(append([]string{text}, problems...), "; "))
	}
	return func(app sync.App) bool { return len(names) == 0 || slices.Contains(names, app.Name) }, nil
}

func (a *planApps) count(wanted func(sync.App) bool) int {
	n := 0
	for _, app := range a.apps {
		if wanted(app) {
			n++
		}
	}
	return n
}

// planFiles is a [sync.Source] that is asked once: all apps of a repository are planned of the same commit, or folder.
type planFiles struct {
	name string // of the repository, as the daemon has it on record
	tree bool   // they are those of a folder
	get  func(context.Context) (git.Snapshot, error)

	once     stdsync.Once
	snapshot git.Snapshot
	err      error
}

// Fetch implements [sync.Source].
func (p *planFiles) Fetch(ctx context.Context) (git.Snapshot, error) {
	p.once.Do(func() { p.snapshot, p.err = p.get(ctx) })
	return p.snapshot, p.err
}

// files says where the files of a repository's branch come from: folder in place of them, unless it is empty.
func (a *planApps) files(o git.Options, folder string) (*planFiles, error) {
	if folder != "" {
		return a.filesOf(o, folder)
	}
	repository, err := git.Open(o)
	if err != nil {
		return nil, err
	}
	a.opened = append(a.opened, repository)
	return &planFiles{name: repository.String(), get: repository.Fetch}, nil
}

// filesOf are those of a folder. The name is the daemon's even so; that a folder of its is none of this machine's says
// nothing, and a remote, which is not asked, has to be a possible one and needs no credentials.
func (a *planApps) filesOf(o git.Options, folder string) (*planFiles, error) {
	files := &planFiles{name: o.URL, tree: true, get: func(context.Context) (git.Snapshot, error) { return git.WorkTree(folder) }}
	if git.IsRemote(o.URL) {
		var err error
		if files.name, err = o.Name(); err != nil {
			return nil, err
		}
		return files, nil
	}
	if repository, err := git.Open(o); err == nil {
		files.name = repository.String()
		a.opened = append(a.opened, repository)
	}
	return files, nil
}

// apps returns what the flags mean, and what is wrong with entries of the config, which are left out.
func (f *planFlags) apps(ctx context.Context) (*planApps, []string, error) {
	cache, err := f.copies()
	if err != nil {
		return nil, nil, err
	}
	all := &planApps{of: map[string]*planFiles{}}
	if f.config != "" {
		problems, err := f.appsOfConfig(ctx, all, cache)
		if err != nil {
			all.close()
		}
		return all, problems, err
	}
	app, err := f.app()
	if err != nil {
		return nil, nil, err
	}
	files, err := all.files(f.options(cache), strings.Join(f.folders, ""))
	if err != nil {
		return nil, nil, fmt.Errorf("--repo: %w", err)
	}
	return all, nil, all.add(app, files)
}

func (f *planFlags) appsOfConfig(ctx context.Context, all *planApps, cache copies) ([]string, error) {
	file, err := config.Load(f.config)
	if err != nil {
		return nil, err
	}
	folders, err := foldersOf(file.Repositories, f.folders)
	if err != nil {
		return nil, err
	}
	var problems []config.Problem
	wrong := func(line int, entry string, err error) {
		problems = append(problems, config.Problem{File: f.config, Line: line, Entry: entry, Message: err.Error()})
	}
	repositories := map[string]*planFiles{}
	for _, r := range file.Repositories {
		o := optionsOf(r, cache)
		o.Folders = readOf(file, r)
		files, err := all.files(o, folders[r.Name])
		if err != nil {
			wrong(r.Line, fmt.Sprintf("repository %q", r.Name), err)
			continue
		}
		repositories[r.Name] = files
	}
	for _, entry := range file.Apps {
		files := repositories[entry.Repository]
		if files == nil {
			continue
		}
		for _, err := range all.addEntry(ctx, entry, files) {
			wrong(entry.Line, "", err)
		}
	}
	var lines []string
	for _, p := range slices.Concat(file.Problems, problems) {
		lines = append(lines, p.Error())
	}
	return lines, nil
}

// addEntry adds the app of an entry, or one for each folder that it matches, and returns all that is wrong with them.
func (a *planApps) addEntry(ctx context.Context, entry config.App, files *planFiles) []error {
	if entry.Paths == "" {
		return some(a.add(appOf(entry, files.name), files))
	}
	snapshot, err := files.Fetch(ctx)
	if err != nil {
		return some(err)
	}
	folders, err := snapshot.Folders(entry.Paths)
	if err != nil {
		return some(err)
	}
	var wrong []error
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		one, err := entry.In(folder)
		if err == nil {
			err = a.add(appOf(one, files.name), files)
		}
		wrong = append(wrong, some(err)...)
	}
	return wrong
}

func some(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

// foldersOf returns which folder stands for which repository.
func foldersOf(repositories []config.Repository, given []string) (map[string]string, error) {
	folders := map[string]string{}
	for _, text := range given {
		name, dir, named := strings.Cut(text, "=")
		known := named && slices.ContainsFunc(repositories, func(r config.Repository) bool { return r.Name == name })
		if !known && len(repositories) == 1 {
			name, dir = repositories[0].Name, text
		} else if !known || dir == "" {
			return nil, fmt.Errorf("--folder %q: want NAME=DIR with the name of one of the config's repositories", text)
		}
		if folders[name] != "" {
			return nil, fmt.Errorf("--folder: two for the repository %q", name)
		}
		folders[name] = dir
	}
	return folders, nil
}
