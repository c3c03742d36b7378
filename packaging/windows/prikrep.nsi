; The installer of the window. build.sh names VERSION, NUMBERS, PROGRAM, CONSOLE, PICTURES and OUT.
; Silent: /S, with /CurrentUser (usual) or /AllUsers, /AUTOSTART=1 or 0, /D=folder. It ends with 2 when the program is
; open and does not close. A silent uninstallation keeps data.
Unicode true
Target amd64-unicode
; Not solid: that is unpacked before the first page, under words that are in English only.
SetCompressor lzma
SetCompressorDictSize 32
SetDateSave off
ManifestDPIAware true
OutFile "${OUT}"

!define NAME "Прикрепление онлайн"
!define APP_ID "ru.prikrep.prikrep"
!define APP_ID_KEY "Software\Classes\AppUserModelId\${APP_ID}"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\prikrep"

Name "${NAME}"
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey /LANG=1049 "ProductName" "${NAME}"
VIAddVersionKey /LANG=1049 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=1049 "FileDescription" "Установка программы «${NAME}»"
VIAddVersionKey /LANG=1049 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=1049 "LegalCopyright" "MIT OR Apache-2.0"

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_USE_PROGRAMFILES64
!define MULTIUSER_INSTALLMODE_INSTDIR "Prikrep"
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_INSTALLMODE_DEFAULT_CURRENTUSER
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_KEY "${UNINSTALL_KEY}"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_VALUENAME "UninstallString"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${UNINSTALL_KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_INSTALLMODE_FUNCTION ChooseByWhatIsThere
!define MULTIUSER_INIT_TEXT_ALLUSERSNOTPOSSIBLE "Установить программу для всех пользователей этого компьютера может только его администратор."

!include MultiUser.nsh
!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include x64.nsh
!include Sections.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

!define MUI_ICON "${PICTURES}/prikrep.ico"
!define MUI_UNICON "${PICTURES}/prikrep.ico"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${PICTURES}/side.bmp"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_NOAUTOCLOSE
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "Открыть «${NAME}»"
!define MUI_FINISHPAGE_RUN_FUNCTION OpenAsThePerson

!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Russian"

; A shortcut by which Windows knows the name and the icon of the program's notifications.
!macro Shortcut FILE ARGUMENTS
    CreateShortcut "${FILE}" "$INSTDIR\prikrep.exe" "${ARGUMENTS}" "$INSTDIR\prikrep.exe" 0
    !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
    ${If} $0 P<> 0
        ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
        ${If} $1 P<> 0
            ${IPersistFile::Load} $1 '("${FILE}",${STGM_READWRITE})'
            ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
            ${If} $2 P<> 0
                System::Call 'oleaut32::SysAllocString(w "${APP_ID}")p.r3'
                System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
                System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},,p r3)p.r5'
                ${IPropertyStore::SetValue} $2 '(r4,r5)'
                ${IPropertyStore::Commit} $2 ""
                System::Free $4
                System::Free $5
                System::Call 'oleaut32::SysFreeString(p r3)'
                ${IUnknown::Release} $2 ""
                ${IPersistFile::Save} $1 '("${FILE}",1)'
            ${EndIf}
            ${IUnknown::Release} $1 ""
        ${EndIf}
        ${IUnknown::Release} $0 ""
    ${EndIf}
!macroend

; Closes a program that is open in the folder, with the person's leave; what was typed there is kept by it.
!macro CloseRunning UN
; Sets $0 to the name of a program that is open, or to nothing.
Function ${UN}FindRunning
    ${For} $1 1 2
        StrCpy $0 "prikrep.exe"
        ${If} $1 = 2
            StrCpy $0 "prikrep.com"
        ${EndIf}
        ${If} ${FileExists} "$INSTDIR\$0"
            ClearErrors
            FileOpen $2 "$INSTDIR\$0" a
            ${If} ${Errors}
                Return
            ${EndIf}
            FileClose $2
        ${EndIf}
    ${Next}
    StrCpy $0 ""
FunctionEnd

Function ${UN}CloseRunning
    Call ${UN}FindRunning
    ${If} $0 == ""
        Return
    ${EndIf}
    MessageBox MB_OKCANCEL|MB_ICONINFORMATION "Программа «${NAME}» сейчас открыта. Она будет закрыта; набранное в ней сохранится." /SD IDOK IDOK ask
    Quit
    ask:
    DetailPrint "Закрываю открытую программу…"
    ExecWait '"$INSTDIR\prikrep.exe" --quit'
    ${For} $3 1 40
        Sleep 500
        Call ${UN}FindRunning
        ${If} $0 == ""
            Return
        ${EndIf}
    ${Next}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "Программа «${NAME}» не закрылась. Ответьте на вопрос в её окне; если она открыта у другого пользователя этого компьютера, закройте её там. Затем повторите." /SD IDCANCEL IDRETRY ask
    SetErrorLevel 2
    Quit
FunctionEnd
!macroend
!insertmacro CloseRunning ""
!insertmacro CloseRunning "un."

Section "${NAME}"
    SectionIn RO
    Call CloseRunning
    SetOutPath "$INSTDIR"
    File "/oname=prikrep.exe" "${PROGRAM}"
    File "/oname=prikrep.com" "${CONSOLE}"
    File "${PICTURES}/prikrep.ico"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    !insertmacro Shortcut "$SMPROGRAMS\${NAME}.lnk" ""
    ; The same for notifications while there is no shortcut: it may be removed.
    WriteRegStr SHCTX "${APP_ID_KEY}" "DisplayName" "${NAME}"
    WriteRegStr SHCTX "${APP_ID_KEY}" "IconUri" "$INSTDIR\prikrep.ico"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayName" "${NAME}"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\prikrep.exe"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "Publisher" "Prikrep maintainers"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
    WriteRegStr SHCTX "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode /S'
    WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoModify" 1
    WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "EstimatedSize" "$0"
SectionEnd

Section "Значок на рабочем столе" ON_DESKTOP
    !insertmacro Shortcut "$DESKTOP\${NAME}.lnk" ""
SectionEnd

Section /o "Запускать при входе в Windows, без окна" AUTOSTART
    !insertmacro Shortcut "$SMSTARTUP\${NAME}.lnk" "--hidden"
SectionEnd

; What was not chosen, or is no longer.
Section "-"
    ${IfNot} ${SectionIsSelected} ${ON_DESKTOP}
        Delete "$DESKTOP\${NAME}.lnk"
    ${EndIf}
    ${IfNot} ${SectionIsSelected} ${AUTOSTART}
        Delete "$SMSTARTUP\${NAME}.lnk"
    ${EndIf}
SectionEnd

Function .onInit
    ${IfNot} ${RunningX64}
    ${OrIfNot} ${AtLeastWin10}
        MessageBox MB_OK|MB_ICONSTOP "Нужна 64-разрядная Windows 10 или новее." /SD IDOK
        SetErrorLevel 3
        Quit
    ${EndIf}
    !insertmacro MULTIUSER_INIT
FunctionEnd

; An update keeps what was chosen before; the command line says otherwise.
Function ChooseByWhatIsThere
    ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "InstallLocation"
    ${If} $0 != ""
    ${AndIfNot} ${FileExists} "$DESKTOP\${NAME}.lnk"
        !insertmacro UnselectSection ${ON_DESKTOP}
    ${EndIf}
    ${If} ${FileExists} "$SMSTARTUP\${NAME}.lnk"
        !insertmacro SelectSection ${AUTOSTART}
    ${EndIf}
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/AUTOSTART=" $1
    ${IfNot} ${Errors}
        ${If} $1 == "0"
            !insertmacro UnselectSection ${AUTOSTART}
        ${Else}
            !insertmacro SelectSection ${AUTOSTART}
        ${EndIf}
    ${EndIf}
FunctionEnd

; Not with the rights of the installer.
Function OpenAsThePerson
    Exec '"$WINDIR\explorer.exe" "$SMPROGRAMS\${NAME}.lnk"'
FunctionEnd

Function un.onInit
    !insertmacro MULTIUSER_UNINIT
FunctionEnd

Section "Uninstall"
    Call un.CloseRunning
    Delete "$INSTDIR\prikrep.exe"
    Delete "$INSTDIR\prikrep.com"
    Delete "$INSTDIR\prikrep.ico"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    Delete "$SMPROGRAMS\${NAME}.lnk"
    Delete "$SMSTARTUP\${NAME}.lnk"
    Delete "$DESKTOP\${NAME}.lnk"
    DeleteRegKey SHCTX "${APP_ID_KEY}"
    DeleteRegKey SHCTX "${UNINSTALL_KEY}"
    ; The data are the person's, also when the program was everybody's.
    SetShellVarContext current
    ${If} ${FileExists} "$LOCALAPPDATA\prikrep\*.*"
        MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Удалить и данные на этом компьютере: настройки, заявления, черновики и ответы, которые ещё не доставлены регистру? Вернуть их будет нельзя." /SD IDNO IDNO keep
        RMDir /r "$LOCALAPPDATA\prikrep"
        keep:
    ${EndIf}
SectionEnd
