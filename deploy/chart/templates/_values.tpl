{{- /* Values of the library for the pods that answer. Its templates read them as `.Values.workload`. */ -}}
{{- define "scenedock.web" -}}
{{- $values := include "scenedock.shared" (list . .Values.web) | fromYaml -}}
{{- $env := dict "SCENEDOCK_LISTEN" "0.0.0.0:8000" -}}
{{- range $values.ports -}}
{{- if eq .name "folders" -}}
{{- $_ := set $env "SCENEDOCK_FOLDERS_LISTEN" (printf "0.0.0.0:%v" .port) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $values "env" (merge (dict) $values.env $env (include "scenedock.folders" . | fromYaml)) -}}
{{- if eq .Values.mode "embedded" -}}
{{- $_ := set $values "args" (list "serve") -}}
{{- $_ := set $values.persistence "enabled" true -}}
{{- else -}}
{{- $_ := set $values "args" (list "serve" "--web-only") -}}
{{- $_ := set $values "replicas" (max 2 $values.replicas) -}}
{{- include "scenedock.dataFolder" $values -}}
{{- /* A job has no volumes, and this one talks to PostgreSQL alone. As a map, because an empty text would be overridden. */ -}}
{{- $_ := set $values "jobs" (dict "migrate" (dict "args" (list "migrate") "env" (dict "SCENEDOCK_CA_FILE" (dict "value" "")))) -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- define "scenedock.worker" -}}
{{- $values := include "scenedock.shared" (list . .Values.worker) | fromYaml -}}
{{- $env := dict "SCENEDOCK_WORKER_LISTEN" "0.0.0.0:8000" -}}
{{- $_ := set $values "env" (merge (dict) $values.env $env (include "scenedock.folders" . | fromYaml)) -}}
{{- $_ := set $values "args" (list "worker") -}}
{{- include "scenedock.dataFolder" $values -}}
{{- toYaml $values -}}
{{- end -}}

{{- /* Where Backstage fetches what was baked. */ -}}
{{- define "scenedock.folders" -}}
{{- range .Values.web.ports -}}
{{- if eq .name "folders" -}}
SCENEDOCK_FOLDERS_URL: {{ printf "http://%s.%s:%v" $.Values.web.name $.Release.Namespace .port | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What all pods have: the image, the settings, the files. */ -}}
{{- define "scenedock.shared" -}}
{{- $root := index . 0 -}}
{{- $values := deepCopy (index . 1) -}}
{{- $image := deepCopy $root.Values.image -}}
{{- if not $image.tag -}}
{{- $_ := set $image "tag" $root.Chart.AppVersion -}}
{{- end -}}
{{- $_ := set $values "image" (mergeOverwrite $values.image $image) -}}
{{- $env := dict -}}
{{- range $name, $value := $root.Values.settings -}}
{{- if kindIs "slice" $value -}}
{{- $value = join "," $value -}}
{{- else if kindIs "float64" $value -}}
{{- $value = eq $value (floor $value) | ternary (int64 $value) $value -}}
{{- end -}}
{{- $_ := set $env (printf "SCENEDOCK_%s" (upper $name)) (toString $value) -}}
{{- end -}}
{{- $_ := set $values "env" (merge (dict) $values.env $root.Values.env $env) -}}
{{- with $root.Values.existingSecret -}}
{{- $_ := set $values "envFrom" (append $values.envFrom (dict "secretRef" (dict "name" .))) -}}
{{- end -}}
{{- $_ := set $values.configFiles "files" (merge (dict) $values.configFiles.files $root.Values.files) -}}
{{- with $root.Values.secretFiles -}}
{{- $_ := set $values "volumes" (append $values.volumes (dict "name" "secrets" "secret" (dict "secretName" .))) -}}
{{- $_ := set $values "volumeMounts" (append $values.volumeMounts (dict "name" "secrets" "mountPath" "/secrets" "readOnly" true)) -}}
{{- end -}}
{{- with $root.Values.certificateAuthority -}}
{{- if or .configMap .secret -}}
{{- $_ := set $values.env "SCENEDOCK_CA_FILE" "/authority/ca.crt" -}}
{{- $_ := set $values "volumes" (append $values.volumes (include "scenedock.authority" $root | fromYaml)) -}}
{{- $_ := set $values "volumeMounts" (append $values.volumeMounts (dict "name" "authority" "mountPath" "/authority" "readOnly" true)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- /* The volume with the company's certificate authorities, in the file ca.crt. */ -}}
{{- define "scenedock.authority" -}}
{{- with .Values.certificateAuthority -}}
{{- $items := list (dict "key" .key "path" "ca.crt") -}}
{{- $source := dict "configMap" (dict "name" .configMap "items" $items) -}}
{{- if .secret -}}
{{- $source = dict "secret" (dict "secretName" .secret "items" $items) -}}
{{- end -}}
{{- toYaml (merge (dict "name" "authority") $source) -}}
{{- end -}}
{{- end -}}

{{- /* With `scaled`, what lasts is in PostgreSQL; the folder holds what can be fetched again. */ -}}
{{- define "scenedock.dataFolder" -}}
{{- $_ := set . "volumes" (append .volumes (dict "name" "data" "emptyDir" dict)) -}}
{{- $_ := set . "volumeMounts" (append .volumeMounts (dict "name" "data" "mountPath" "/data")) -}}
{{- end -}}

{{- /* Refuses what can't work. */ -}}
{{- define "scenedock.check" -}}
{{- $shared := or .Values.existingSecret (hasKey .Values.env "SCENEDOCK_DATABASE_URL") -}}
{{- if and (eq .Values.mode "scaled") (not $shared) -}}
{{- fail "mode: scaled needs a PostgreSQL and keys that all pods share: name a Secret with SCENEDOCK_DATABASE_URL, SCENEDOCK_SEAL_KEY and SCENEDOCK_SIGNING_KEY in existingSecret, or set them in env" -}}
{{- end -}}
{{- if and (eq .Values.mode "embedded") (gt (int .Values.web.replicas) 1) -}}
{{- fail "mode: embedded is one pod: set web.replicas to 1, or mode to scaled" -}}
{{- end -}}
{{- with .Values.certificateAuthority -}}
{{- if and .configMap .secret -}}
{{- fail "certificateAuthority is in one place: set configMap or secret, not both" -}}
{{- end -}}
{{- if and (or .configMap .secret) (hasKey $.Values.settings "ca_file") -}}
{{- fail "certificateAuthority sets the setting ca_file: remove it from settings" -}}
{{- end -}}
{{- end -}}
{{- if .Values.export.enabled -}}
{{- $_ := required "export.repository is missing: set it to the address of the repository to export" .Values.export.repository -}}
{{- if eq .Values.export.to "volume" -}}
{{- $_ := required "export.claim is missing: set it to the PersistentVolumeClaim that gets the catalog" .Values.export.claim -}}
{{- end -}}
{{- end -}}
{{- end -}}
